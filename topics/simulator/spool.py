"""Lines that come in any order and leave in the order of time, without being held in memory."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import zstandard

from topics.scratch import ScratchFolder

N_PENDING: Final = 40_000
_STAMP: Final = 13  # digits of epoch milliseconds from 2001 to 2286


class Record(NamedTuple):
    """One line of the simulated shop; ``kind`` is order, browse, review, label or truth."""

    time_ms: int
    kind: str
    user_id: str
    value: bytes


KINDS: Final = ("order", "browse", "review", "label", "truth")
_LETTER: Final = {kind: kind[0] for kind in KINDS}
_KIND: Final = {ord(kind[0]): kind for kind in KINDS}


class Spool:
    """Sorts by time with buckets on disk: one bucket at a time is read back and sorted.

    ``per_bucket`` lines are held in memory at once, about, when ``expected`` is about right.
    Lines of the same millisecond are ordered by user and content, so the result does not depend
    on the order in which they came. The files are temporary; ``close`` removes them.
    """

    def __init__(
        self, start_ms: int, end_ms: int, expected: int, *, per_bucket: int = 50_000
    ) -> None:
        n = max(1, min(4096, expected // per_bucket))
        self._start_ms = start_ms
        self._width_ms = max(1, -(-(end_ms - start_ms) // n))
        self._pending: list[list[bytes]] = [[] for _ in range(n)]
        self._n_pending = 0
        self._sizes = [0] * n
        self._kept: int | None = None
        self._folder = ScratchFolder("riskstream-simulate-")
        self._compressor = zstandard.ZstdCompressor(level=1)

    def close(self) -> None:
        """Remove the files."""
        self._folder.close()

    def add(self, time_ms: int, kind: str, user_id: str, value: bytes) -> None:
        """Take one line; ``value`` holds no newline and ``user_id`` no tab.

        Raises ValueError for a time before the start; one after the end is fine.
        """
        if time_ms < self._start_ms:
            raise ValueError(f"{time_ms} is before the start, {self._start_ms}")
        bucket = min((time_ms - self._start_ms) // self._width_ms, len(self._pending) - 1)
        line = f"{time_ms:013d}{_LETTER[kind]}{user_id}\t".encode() + value
        self._pending[bucket].append(line)
        self._sizes[bucket] += 1
        self._n_pending += 1
        if self._n_pending >= N_PENDING:
            self._spill()

    def _spill(self) -> None:
        for bucket, lines in enumerate(self._pending):
            if lines:
                with self._path(bucket).open("ab") as file:
                    file.write(self._compressor.compress(b"\n".join(lines) + b"\n"))
                lines.clear()
        self._n_pending = 0

    def _path(self, bucket: int) -> Path:
        return self._folder.path / f"{bucket:05d}"

    def keep(self, n: int) -> int | None:
        """Drop all but the first ``n`` lines; return the time of the last kept, None if all are."""
        if sum(self._sizes) <= n:
            return None
        self._kept = n
        before, bucket = 0, 0
        while before + self._sizes[bucket] < n:
            before += self._sizes[bucket]
            bucket += 1
        return self._sorted(bucket)[n - before - 1].time_ms

    def __iter__(self) -> Iterator[Record]:
        """Yield the lines in order of time; may be repeated."""
        everything = (record for b in range(len(self._sizes)) for record in self._sorted(b))
        return islice(everything, self._kept)

    def _sorted(self, bucket: int) -> list[Record]:
        self._spill()
        path = self._path(bucket)
        return [_record(line) for line in sorted(_lines(path))] if path.exists() else []


def _lines(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return reader.read().splitlines()


def _record(line: bytes) -> Record:
    tab = line.index(b"\t")
    user_id = line[_STAMP + 1 : tab].decode()
    return Record(int(line[:_STAMP]), _KIND[line[_STAMP]], user_id, line[tab + 1 :])
