"""Columns that wait on disk until all of them are there, so that a long history fits in memory."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray


class Spool:
    """Named columns of numbers, appended piece by piece to files in ``folder`` without a name.

    Their space is free again when the ``with`` block, or the process, ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._open = folder, ExitStack()
        self._files: dict[str, tuple[IO[bytes], np.dtype[Any]]] = {}

    def append(self, name: str, piece: NDArray[Any]) -> None:
        """Append to a column; all its pieces have one type. Raises OSError on a full disk."""
        if name not in self._files:
            opened = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the spool
            self._open.enter_context(opened)
            self._files[name] = opened, piece.dtype
        file, dtype = self._files[name]
        if piece.dtype != dtype:
            raise TypeError(f"column {name} holds {dtype}, not {piece.dtype}")
        file.write(np.ascontiguousarray(piece).data)

    def column(self, name: str) -> NDArray[Any]:
        """Return a whole column; raises KeyError for one that has no piece."""
        file, dtype = self._files[name]
        file.seek(0)
        return np.fromfile(file, dtype)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()
