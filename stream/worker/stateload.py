"""Builds a whole store of states from all records of a changelog, sorted by key, without look-ups.

Which of a key's records stays depends on that key's records alone. So records are put aside on
disk in runs that are sorted by key, and read back by ranges of keys, the earlier runs first.
"""

import marshal
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from stream.worker.cache import OVERHEAD
from stream.worker.newest import settle
from stream.worker.tablefiles import Sorted

RANGE_BYTES: Final = 4 << 20
BLOCK_BYTES: Final = 32 << 10
"""About what is written and read together; of each block the first key stays in memory."""

RUN_BLOCKS: Final = 64
"""Small runs have as many blocks at least: of each run a part of a block is always in memory."""

Records = tuple[list[bytes], list[bytes | None]]
"""Keys and values."""


class StateLoad:
    """All records of one changelog partition, put aside in a file, and then the store's pairs.

    ``n_pending`` bytes are in memory until `put_aside`; about ``range_bytes`` are worked on at once
    when all are there. ``position`` is the last offset; when `sorted` has ended, ``outweighed``
    are the keys whose last record lost, of ``n_stale`` records that did, and ``term`` is the
    latest one.
    """

    def __init__(self, path: Path, range_bytes: int = RANGE_BYTES) -> None:
        self._file = path.open("w+b")
        self._range_bytes = range_bytes
        self._pending: Records = ([], [])
        self.n_pending = 0
        self._runs: list[_Run] = []
        self.position, self.term, self.n_stale = -1, -1, 0
        self.outweighed: set[bytes] = set()

    def add(self, offset: int, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Take records in the order of the topic; ``offset`` is the last one's."""
        self.position = offset
        self._pending[0].extend(keys)
        self._pending[1].extend(values)
        self.n_pending += size_of(keys, values)

    def put_aside(self) -> None:
        """Write what is pending as a run."""
        (keys, values), n_bytes = self._pending, self.n_pending
        self._pending, self.n_pending = ([], []), 0
        order = sorted(range(len(keys)), key=keys.__getitem__)
        block_bytes = min(BLOCK_BYTES, n_bytes // RUN_BLOCKS)
        per_block = max(1, block_bytes * len(order) // max(1, n_bytes))
        run = _Run([], [self._file.tell()])
        for begin in range(0, len(order), per_block):
            at = order[begin : begin + per_block]
            run.first_keys.append(keys[at[0]])
            block = marshal.dumps(([keys[i] for i in at], [values[i] for i in at]), 2)
            run.starts.append(run.starts[-1] + self._file.write(block))
        self._runs.append(run)

    def sorted(self) -> Iterator[Sorted]:
        """Yield the states that stay, in the order of their keys; nothing may be added from then.

        Raises ValueError for a value that is no stored state.
        """
        self.put_aside()
        self._file.flush()
        cursors = [_Cursor(self._file.fileno(), run) for run in self._runs]
        for before in (*self._bounds(), None):
            kept = self._settled(self._parts(cursors, before))
            there = sorted(kept)
            yield there, [kept[key] for key in there]

    def close(self) -> None:
        """Give the file's room back; may be repeated."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()

    def _settled(self, parts: Iterable[Records]) -> dict[bytes, bytes]:
        """Return the states that stay of all records of some keys."""
        kept: dict[bytes, bytes] = {}

        def look_up(keys: list[bytes]) -> list[bytes | None]:
            return list(map(kept.get, keys))

        for keys, values in parts:
            found = settle(keys, values, look_up)
            for key, value in found.chosen.items():
                if value is None:
                    kept.pop(key, None)
                else:
                    kept[key] = value
            self.outweighed.difference_update(found.touched)
            self.outweighed.update(found.lost)
            self.term = max(self.term, found.term)
            self.n_stale += found.n_stale
        return kept

    def _bounds(self) -> Iterator[bytes]:
        """Yield, ascending, the first keys of the ranges that follow the first one."""
        blocks = sorted(
            (key, end - begin)
            for run in self._runs
            for key, begin, end in zip(run.first_keys, run.starts, run.starts[1:], strict=False)
        )
        n_bytes, last = 0, b""
        for key, size in blocks:
            if n_bytes >= self._range_bytes and key > last:
                yield key
                n_bytes, last = 0, key
            n_bytes += size

    def _parts(self, cursors: Sequence["_Cursor"], before: bytes | None) -> Iterator[Records]:
        """Yield the records of a range in the order in which they came, some at a time."""
        keys: list[bytes] = []
        values: list[bytes | None] = []
        n_bytes = 0
        for cursor in cursors:
            found = cursor.up_to(before)
            keys += found[0]
            values += found[1]
            n_bytes += size_of(*found)
            if n_bytes >= self._range_bytes:
                yield keys, values
                keys, values, n_bytes = [], [], 0
        if keys:
            yield keys, values


def size_of(keys: Sequence[bytes], values: Sequence[bytes | None]) -> int:
    """Return about how many bytes some records take in memory."""
    return OVERHEAD * len(keys) + sum(map(len, keys)) + sum(map(len, filter(None, values)))


class _Run(NamedTuple):
    """Where the blocks of a run begin, with the end of the last, and their first keys."""

    first_keys: list[bytes]
    starts: list[int]


class _Cursor:
    """Reads a run from its beginning on."""

    def __init__(self, file: int, run: _Run) -> None:
        self._file, self._run = file, run
        self._next = 0
        self._left: Records = ([], [])

    def up_to(self, before: bytes | None) -> Records:
        """Return the records that are left with keys less than ``before``; None: all of them."""
        first_keys, starts = self._run
        end = len(first_keys) if before is None else bisect_left(first_keys, before)
        keys, values = self._left
        if end > self._next:
            begin, size = starts[self._next], starts[end] - starts[self._next]
            raw = os.pread(self._file, size, begin)
            if len(raw) != size:
                raise OSError("a file of records that were put aside ends early")
            for at in range(self._next, end):
                block = marshal.loads(memoryview(raw)[starts[at] - begin : starts[at + 1] - begin])
                keys += block[0]
                values += block[1]
            self._next = end
        n = len(keys) if before is None else bisect_left(keys, before)
        self._left = keys[n:], values[n:]
        return keys[:n], values[:n]
