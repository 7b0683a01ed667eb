"""Records in the order of time, whatever their number: runs on disk, merged."""

import struct
import tempfile
from collections.abc import Iterable, Iterator
from errno import ENOSPC
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from topics.errors import InputError
from topics.scratch import ScratchFolder

_HELD_BYTES: Final = 72  # what a record costs beside its own bytes: object, list slot, time, tag
_HEAD: Final = struct.Struct("<QQ")


class Timed(NamedTuple):
    """``n`` records: ``times`` int64[n] in milliseconds, ``tags`` uint8[n] (the caller's own)."""

    times: NDArray[np.int64]
    tags: NDArray[np.uint8]
    values: list[bytes]

    def take(self, at: NDArray[np.int64]) -> "Timed":
        """Return the records at the positions ``at``, in that order."""
        values = self.values
        return Timed(self.times[at], self.tags[at], [values[i] for i in at.tolist()])

    def cut(self, start: int, stop: int) -> "Timed":
        """Return the records from ``start`` up to ``stop``."""
        return Timed(self.times[start:stop], self.tags[start:stop], self.values[start:stop])


def sort_by_time(
    chunks: Iterable[Timed],
    *,
    memory_bytes: int = 256 << 20,
    folder: Path | None = None,
    n_rows: int = 4096,
) -> Iterator[Timed]:
    """Yield all records sorted by time; equal times keep the order of the input.

    About ``memory_bytes`` are held; what does not fit goes to temporary files under ``folder``
    (default: the system's), compressed, and is deleted at the end. A result has at most ``n_rows``
    records when it comes from memory, more when merged. Raises InputError where the disk is full.

    >>> one = Timed(np.array([3, 1]), np.array([0, 0], np.uint8), [b"c", b"a"])
    >>> two = Timed(np.array([1]), np.array([1], np.uint8), [b"b"])
    >>> [part.values for part in sort_by_time([one, two])]
    [[b'a', b'b', b'c']]
    """
    held: list[Timed] = []
    n_bytes = 0
    try:
        with ScratchFolder("riskstream-sort-", folder) as scratch:
            runs: list[Path] = []
            for chunk in chunks:
                held.append(chunk)
                n_bytes += sum(map(len, chunk.values)) + _HELD_BYTES * len(chunk.values)
                if n_bytes >= memory_bytes:
                    runs.append(scratch / f"{len(runs)}.zst")
                    _write_run(runs[-1], _pieces(held, n_rows))
                    held, n_bytes = [], 0
            rest = _pieces(held, n_rows)
            yield from _merge([*map(_read_run, runs), rest]) if runs else rest
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        where = folder or tempfile.gettempdir()
        raise InputError(f"{where} is full; free space or set TMPDIR to a larger disk") from error


def settle_ties(parts: Iterable[Timed], last_tag: int) -> Iterator[Timed]:
    """Yield sorted records so that their order does not depend on the order of the input.

    Among equal times, those of ``last_tag`` go last, then the bytes decide; equal times are never
    cut apart.

    >>> part = Timed(np.array([1, 2, 2]), np.array([0, 3, 0], np.uint8), [b"a", b"b", b"c"])
    >>> [done.values for done in settle_ties([part.cut(0, 2), part.cut(2, 3)], 3)]
    [[b'a'], [b'c', b'b']]
    """
    kept = Timed(np.empty(0, np.int64), np.empty(0, np.uint8), [])
    for part in parts:
        whole = _joined([kept, part])
        if not len(whole.times):
            continue
        last = int(np.searchsorted(whole.times, whole.times[-1]))
        kept = whole.cut(last, len(whole.times))
        if last:
            yield _settled(whole.cut(0, last), last_tag)
    if kept.values:
        yield _settled(kept, last_tag)


def _settled(part: Timed, last_tag: int) -> Timed:
    times, tags, values = part
    begins = np.flatnonzero(np.r_[True, times[1:] != times[:-1]])
    ends = np.r_[begins[1:], len(times)]
    order = np.arange(len(times))
    tied = ends - begins > 1
    for begin, end in zip(begins[tied].tolist(), ends[tied].tolist(), strict=True):
        order[begin:end] = sorted(range(begin, end), key=lambda i: (tags[i] == last_tag, values[i]))
    return part.take(order)


def _pieces(held: list[Timed], n_rows: int) -> Iterator[Timed]:
    whole = _joined(held)
    held.clear()
    order = np.argsort(whole.times, kind="stable")
    for first in range(0, len(order), n_rows):
        yield whole.take(order[first : first + n_rows])


def _joined(parts: list[Timed]) -> Timed:
    if not parts:
        return Timed(np.empty(0, np.int64), np.empty(0, np.uint8), [])
    return Timed(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.tags for part in parts]),
        [value for part in parts for value in part.values],
    )


def _merge(runs: list[Iterator[Timed]]) -> Iterator[Timed]:
    """Merge sorted runs; among equal times the earlier run goes first.

    In each round the run whose piece ends first, by (last time, run), sets the bound: all that lies
    before it is at hand. Runs up to it give what equals the bound, later ones keep it back.
    """
    pieces = {n: piece for n, run in enumerate(runs) if (piece := next(run, None)) is not None}
    while pieces:
        bound, bounding = min((int(piece.times[-1]), n) for n, piece in pieces.items())
        ready: list[Timed] = []
        for n, piece in sorted(pieces.items()):
            stop = int(np.searchsorted(piece.times, bound, "right" if n <= bounding else "left"))
            if stop:
                ready.append(piece.cut(0, stop))
                pieces[n] = piece.cut(stop, len(piece.values))
        for n in [n for n, piece in pieces.items() if not piece.values]:
            following = next(runs[n], None)
            if following is None:
                del pieces[n]
            else:
                pieces[n] = following
        whole = _joined(ready)
        yield whole.take(np.argsort(whole.times, kind="stable"))


def _write_run(path: Path, pieces: Iterator[Timed]) -> None:
    pack = zstandard.ZstdCompressor(level=1)
    with path.open("wb") as file:
        for times, tags, values in pieces:
            sizes = np.fromiter(map(len, values), np.int64, len(values))
            block = pack.compress(
                b"".join([times.tobytes(), tags.tobytes(), sizes.tobytes(), *values])
            )
            file.write(_HEAD.pack(len(values), len(block)))
            file.write(block)


def _read_run(path: Path) -> Iterator[Timed]:
    unpack = zstandard.ZstdDecompressor()
    with path.open("rb") as file:
        while head := file.read(_HEAD.size):
            n, n_bytes = _HEAD.unpack(head)
            yield _unpacked(unpack.decompress(file.read(n_bytes)), n)


def _unpacked(block: bytes, n: int) -> Timed:
    times = np.frombuffer(block, np.int64, n)
    tags = np.frombuffer(block, np.uint8, n, 8 * n)
    ends = (17 * n + np.cumsum(np.frombuffer(block, np.int64, n, 9 * n))).tolist()
    starts = [17 * n, *ends[:-1]]
    return Timed(times, tags, [block[i:j] for i, j in zip(starts, ends, strict=True)])
