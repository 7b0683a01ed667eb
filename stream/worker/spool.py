"""Rows that are put aside on disk as they come, and read back by ranges of their keys."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.columns import Rows, joined, taken

N_BUCKETS: Final = 4_096
BUCKET_SHIFT: Final = np.uint64(52)
RUN_BYTES: Final = 16 << 20


class Spool:
    """Rows of one layout in one file, each with a 64-bit key whose order says where it belongs.

    Of every `RUN_BYTES` that come, the rows are sorted roughly, by the bucket of their key, and
    written as one run. What belongs to a range of buckets is then a piece of each run, in which
    rows of one key stand in the order in which they came. The file is not durable. Of each
    run 32 KB stay in memory; where buckets are larger than a range, ranges are as large as they.
    """

    def __init__(self, path: Path, layout: np.dtype[Any], run_bytes: int = RUN_BYTES) -> None:
        self._file = path.open("w+b", buffering=0)
        self._layout, self._run_bytes = layout, run_bytes
        self._pending: list[tuple[NDArray[np.uint16], Rows]] = []
        self._n_pending = self._n_written = 0
        self._starts: list[NDArray[np.int64]] = []  # of each run, where its buckets start

    def add(self, keys: NDArray[np.uint64], rows: Rows) -> None:
        """Put rows aside; ``keys`` uint64[n], evenly spread, tell their order."""
        self._pending.append(((keys >> BUCKET_SHIFT).astype(np.uint16), rows))
        self._n_pending += len(rows)
        if self._n_pending * self._layout.itemsize >= self._run_bytes:
            self._write()

    def sizes(self) -> NDArray[np.int64]:
        """Return how many bytes are in each bucket; nothing may be added from then on."""
        self._write()
        sizes = np.zeros(N_BUCKETS, np.int64)
        for starts in self._starts:
            sizes += np.diff(starts)
        return sizes * self._layout.itemsize

    def read(self, low: int, high: int) -> Rows:
        """Return the rows of the buckets from ``low`` up to before ``high``."""
        return self._read(low, high, self._starts)

    def parts(self, low: int, high: int, n_bytes: int) -> Iterator[Rows]:
        """Yield what `read` returns, the earlier runs first, a run or ``n_bytes`` at a time."""
        some: list[NDArray[np.int64]] = []
        held = 0
        for starts in self._starts:
            size = int(starts[high] - starts[low]) * self._layout.itemsize
            if some and held + size > n_bytes:
                yield self._read(low, high, some)
                some, held = [], 0
            some.append(starts)
            held += size
        yield self._read(low, high, some)

    def close(self) -> None:
        """Give the file's room back; may be repeated."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()

    def _write(self) -> None:
        if not self._n_pending:
            return
        buckets = np.concatenate([buckets for buckets, _ in self._pending])
        rows = joined([rows for _, rows in self._pending])
        self._pending.clear()
        # Sixteen-bit numbers are sorted by their digits, which is far quicker than comparing.
        ordered = taken(rows, np.argsort(buckets, kind="stable"))
        starts = np.zeros(N_BUCKETS + 1, np.int64)
        np.cumsum(np.bincount(buckets, minlength=N_BUCKETS), out=starts[1:])
        self._starts.append(starts + self._n_written)
        self._n_written += self._n_pending
        self._n_pending = 0
        left = ordered.view(np.uint8).data
        while left:
            left = left[self._file.write(left) :]

    def _read(self, low: int, high: int, runs: Sequence[NDArray[np.int64]]) -> Rows:
        size = self._layout.itemsize
        pieces = [(int(starts[low]), int(starts[high])) for starts in runs]
        rows = np.empty(sum(end - begin for begin, end in pieces), self._layout)
        room = rows.view(np.uint8).data
        at = 0
        for begin, end in pieces:
            n_bytes = (end - begin) * size
            if os.preadv(self._file.fileno(), [room[at : at + n_bytes]], begin * size) != n_bytes:
                raise OSError(f"{self._file.name} ends early")
            at += n_bytes
        return rows


def ranges(spools: Sequence[Spool], n_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of buckets, in their order, with at most ``n_bytes`` in all spools.

    A bucket that holds more is a range of its own; what is empty may be left out.
    """
    before = np.zeros(N_BUCKETS + 1, np.int64)
    np.cumsum(sum(spool.sizes() for spool in spools), out=before[1:])
    low = 0
    while low < N_BUCKETS:
        high = int(np.searchsorted(before, before[low] + n_bytes, side="right")) - 1
        high = min(max(high, low + 1), N_BUCKETS)
        if before[high] > before[low]:
            yield low, high
        low = high
