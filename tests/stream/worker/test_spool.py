"""What was put aside comes back whole, by ranges of keys, in the order in which it came."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.worker.spool import BUCKET_SHIFT, N_BUCKETS, Spool, ranges

ROW = np.dtype([("key", "u8"), ("number", "i8")])
FEW = [0, 1, (1 << 64) - 1, 5 << int(BUCKET_SHIFT), (5 << int(BUCKET_SHIFT)) + 7]
KEYS = st.lists(st.one_of(st.sampled_from(FEW), st.integers(0, (1 << 64) - 1)), max_size=40)


def filled(folder: Path, name: str, parts: list[list[int]], run_bytes: int) -> Spool:
    spool = Spool(folder / name, ROW, run_bytes)
    number = 0
    for part in parts:
        rows = np.zeros(len(part), ROW)
        rows["key"], rows["number"] = part, np.arange(number, number + len(part))
        spool.add(rows["key"].copy(), rows)
        number += len(part)
    return spool


@settings(max_examples=80, deadline=None)
@given(st.lists(KEYS, max_size=6), st.integers(1, 600), st.integers(1, 400))
def test_ranges_give_every_row_once_and_those_of_a_key_as_they_came(parts, run_bytes, n_bytes):
    with tempfile.TemporaryDirectory() as name:
        spool = filled(Path(name), "rows", parts, run_bytes)
        sizes = spool.sizes()
        found = []
        for low, high in ranges([spool], n_bytes):
            rows = spool.read(low, high)
            assert rows.nbytes <= max(n_bytes, sizes[low])
            buckets = rows["key"] >> BUCKET_SHIFT
            assert ((buckets >= low) & (buckets < high)).all()
            in_parts = list(spool.parts(low, high, n_bytes))
            assert np.concatenate(in_parts).tolist() == rows.tolist()
            found.append(rows)
        spool.close()
    wanted: dict[int, list[int]] = {}
    for number, key in enumerate(key for part in parts for key in part):
        wanted.setdefault(key, []).append(number)
    got: dict[int, list[int]] = {}
    for key, number in np.concatenate([*found, np.empty(0, ROW)]).tolist():
        got.setdefault(key, []).append(number)
    assert got == wanted


def test_ranges_count_what_all_spools_hold(tmp_path):
    chance = np.random.default_rng(3)
    spools = [
        filled(tmp_path, name, [chance.integers(0, 1 << 64, n, np.uint64).tolist()], 10_000)
        for name, n in (("one", 5_000), ("two", 2_000))
    ]
    sizes = sum(spool.sizes() for spool in spools)
    cuts = list(ranges(spools, 8_000))
    assert [high for _, high in cuts[:-1]] == [low for low, _ in cuts[1:]]
    assert all(sizes[low:high].sum() <= 8_000 for low, high in cuts)
    assert sum(sizes[low:high].sum() for low, high in cuts) == 7_000 * ROW.itemsize
    assert cuts[-1][1] == N_BUCKETS
    for spool in spools:
        spool.close()


def test_a_file_that_lost_its_end_is_told(tmp_path):
    spool = filled(tmp_path, "rows", [[1, 2, 3]], 1)
    spool.sizes()
    (tmp_path / "rows").write_bytes(b"")
    with pytest.raises(OSError, match="rows ends early"):
        spool.read(0, N_BUCKETS)
    spool.close()
