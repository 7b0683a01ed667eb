"""Sorting by time: the same as a stable sort in memory, with little memory."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import InputError
from topics.sorting import Timed, sort_by_time


def timed(records: list[tuple[int, int, bytes]]) -> Timed:
    times, tags, values = zip(*records, strict=True) if records else ((), (), ())
    return Timed(np.array(times, np.int64), np.array(tags, np.uint8), list(values))


def flat(parts: Iterator[Timed]) -> list[tuple[int, int, bytes]]:
    return [
        record
        for part in parts
        for record in zip(part.times.tolist(), part.tags.tolist(), part.values, strict=True)
    ]


@given(
    st.lists(st.lists(st.integers(-3, 12), max_size=30), max_size=8),
    st.integers(1, 3000),
    st.integers(1, 9),
)
def test_the_result_equals_a_stable_sort(
    chunks: list[list[int]], memory_bytes: int, n_rows: int
) -> None:
    numbered: list[list[tuple[int, int, bytes]]] = []
    n = 0
    for chunk in chunks:
        numbered.append([(time, (n + i) % 256, b"%d" % (n + i)) for i, time in enumerate(chunk)])
        n += len(chunk)
    expected = sorted((record for chunk in numbered for record in chunk), key=lambda r: r[0])
    result = sort_by_time(map(timed, numbered), memory_bytes=memory_bytes, n_rows=n_rows)
    assert flat(result) == expected


def test_memory_stays_bounded_and_the_runs_are_deleted(tmp_path: Path) -> None:
    random = Random(1)

    def chunks() -> Iterator[Timed]:
        for _ in range(200):
            yield timed([(random.randrange(10**12), 0, random.randbytes(200)) for _ in range(500)])

    tracemalloc.start()
    n, last, most_runs = 0, -1, 0
    for part in sort_by_time(chunks(), memory_bytes=2 << 20, folder=tmp_path, n_rows=256):
        assert last <= part.times[0]
        assert (np.diff(part.times) >= 0).all()
        n, last = n + len(part.values), int(part.times[-1])
        most_runs = max(most_runs, len(list(tmp_path.glob("*/*.zst"))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n == 100_000
    assert most_runs > 8
    assert peak < 9 << 20  # the records are 27 MB
    assert not list(tmp_path.iterdir())


def test_stopping_early_deletes_the_runs(tmp_path: Path) -> None:
    parts = sort_by_time([timed([(5, 0, b"x" * 99)])] * 9, memory_bytes=100, folder=tmp_path)
    next(parts)
    assert list(tmp_path.iterdir())
    parts.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("topics.sorting._write_run", full)
    with pytest.raises(InputError, match="is full"):
        next(sort_by_time([timed([(1, 0, b"x")])], memory_bytes=1, folder=tmp_path))
