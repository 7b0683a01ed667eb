"""Records of a history that cannot be read: counted, and each told with its file and line."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

from topics.errors import InputError
from topics.files import read_chunks

MOST_TOLD: Final = 10_000


class BadRecords:
    """Takes what cannot be read; with ``refuse_in`` the first raises InputError instead.

    ``refuse_in`` are the files or folders of the history, in which the record is looked up. ``n``
    counts them. ``told`` has a sentence for each of the first ``MOST_TOLD`` that lack a time or a
    kind; what only decoding found wrong is looked up in its files by `located`.
    """

    def __init__(self, *, refuse_in: Sequence[Path] = ()) -> None:
        self._refuse_in = refuse_in
        self._refused: dict[bytes, str] = {}  # by digest, since a value may be a whole file
        self.n = 0
        self.told: list[str] = []

    def unreadable(self, path: Path, line: int, what: str) -> None:
        """Take a record without a time or a kind."""
        self.located_at(f"{path}, line {line}", what)

    def located_at(self, where: str, what: str) -> None:
        """Take a record; ``where`` names its file and line, or topic, partition and offset."""
        if self._refuse_in:
            raise InputError(f"{where}: {what}; mend or remove the record")
        self.n += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(f"{where}: {what}")

    def refused(self, value: bytes, what: str) -> None:
        """Take a record that the decoder refuses."""
        if self._refuse_in:
            self._refused[_digest(value)] = what
            where = next(self.located(self._refuse_in), what)
            raise InputError(f"{where}; mend or remove the record")
        self.n += 1
        if len(self._refused) < MOST_TOLD:
            self._refused[_digest(value)] = what

    def take(self, other: "BadRecords") -> None:
        """Take what another process found."""
        self._refused.update(other._refused)
        self.n += other.n
        self.told += other.told

    @property
    def first(self) -> str:
        """A sentence for one of them; empty where there is none."""
        return next(iter([*self.told[:1], *self._refused.values()]), "")

    def located(self, paths: Sequence[Path]) -> Iterator[str]:
        """Yield a sentence for each, with file and line; reads ``paths`` again where it must."""
        yield from self.told
        if not self._refused:
            return
        for path in paths:
            for chunk in read_chunks(path):
                for line, value in zip(chunk.lines, chunk.values, strict=True):
                    if (what := self._refused.get(_digest(value))) is not None:
                        yield f"{chunk.path}, line {line}: {what}"


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=16).digest()
