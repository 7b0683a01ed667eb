"""Folders for what is needed only while something runs."""

import shutil
import tempfile
import weakref
from contextlib import AbstractContextManager
from pathlib import Path
from secrets import token_hex
from types import TracebackType


class ScratchFolder(AbstractContextManager[Path]):
    """A new folder, removed with what it holds when it is closed, or when the program ends.

    Unlike with `tempfile.TemporaryDirectory` that holds from before the folder is there, so that
    a signal that ends the program while it is made leaves nothing behind either. It lies in
    ``parent``, by default where the system keeps temporary files. Raises OSError.

    >>> with ScratchFolder("riskstream-example-") as folder:
    ...     _ = (folder / "part").write_text("some")
    >>> folder.exists()
    False
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        self.path = Path(parent or tempfile.gettempdir(), f"{prefix}{token_hex(8)}")
        self._remove = weakref.finalize(self, _removed, self.path)
        self.path.mkdir(0o700)

    def close(self) -> None:
        """Remove it; may be repeated."""
        self._remove()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def remove_leftovers(prefix: str, parent: Path) -> None:
    """Remove what killed programs have left of such folders; nobody else may use ``parent``.

    What is still written to, by a process that is about to end, is left for the next time.
    """
    for folder in parent.glob(f"{prefix}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _removed(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
