"""A store that is filled with a whole changelog at once holds what recovery would have left."""

import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.worker import newest, stateload
from stream.worker.envelope import new_headers, pack
from stream.worker.partition import PartitionStore
from stream.worker.rocks import block_cache
from stream.worker.stateload import StateLoad

Record = tuple[bytes, bytes | None]

KEYS = st.sampled_from([b"", b"a", b"ab", b"b", b"\x00", b"\xfe\xff", b"user-of-a-long-name" * 9])
VALUES = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 3), st.binary(max_size=40)),
)


def record(key: bytes, value: tuple[int, int, int, bytes] | None) -> Record:
    if value is None:
        return key, None
    headers = new_headers(1)
    headers["term"], headers["epoch"], headers["applied"][0, :2] = value[0], 1, value[1:3]
    return key, pack(headers, [value[3]])[0]


def opened(folder: Path) -> PartitionStore:
    store = PartitionStore(folder, block_cache(1 << 20), 1 << 20)
    store.follow(7, 1 << 40)
    return store


def loaded(
    folder: Path, log: list[Record], step: int, run_bytes: int, range_bytes: int
) -> tuple[PartitionStore, int]:
    """Return a store that was filled at once, and how many records were outweighed."""
    (folder / "scratch").mkdir()
    store = opened(folder / "loaded")
    with closing(StateLoad(folder / "records", range_bytes)) as load:
        for begin in range(0, len(log), step):
            part = log[begin : begin + step]
            last = 2 * (begin + len(part)) - 1  # with gaps between the offsets
            load.add(last, [key for key, _ in part], [value for _, value in part])
            if load.n_pending >= run_bytes:
                load.put_aside()
        return store, store.fill(load, folder / "scratch")


def same(folder: Path, store: PartitionStore, other: PartitionStore) -> None:
    """Check two stores, as they are and as they are when they are opened again."""
    assert vars_of(store) == vars_of(other)
    store.close()
    other.close()
    again = [PartitionStore(folder / name, block_cache(1 << 20), 1) for name in ("loaded", "slow")]
    assert vars_of(again[0]) == vars_of(again[1])
    assert [*again[0]._rocks.items()] == [*again[1]._rocks.items()], "with the store's own marks"
    for opened_again in again:
        opened_again.close()


def vars_of(store: PartitionStore) -> tuple[object, ...]:
    return store.life, store.position, store.term, store.outweighed, store.items()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.builds(record, KEYS, VALUES), min_size=1, max_size=60),
    st.integers(1, 20), st.integers(1, 3_000), st.integers(1, 1_000),
)  # fmt: skip
def test_it_is_as_if_records_had_been_recovered_one_by_one(log, step, run_bytes, range_bytes):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slow = opened(folder / "slow")
        n_stale = sum(
            slow.recover(np.array([2 * at + 1]), [key], [value])
            for at, (key, value) in enumerate(log)
        )
        store, n = loaded(folder, log, step, run_bytes, range_bytes)
        assert n == n_stale
        same(folder, store, slow)


def test_many_users_in_many_runs_and_one_with_more_records_than_a_range(tmp_path):
    chance = np.random.default_rng(5)
    log = [
        record(
            b"hot" if at % 3 else b"u%d" % chance.integers(3_000),
            (1, at, 0, bytes(chance.integers(0, 200))),
        )
        for at in range(5_000)
    ]
    slow = opened(tmp_path / "slow")
    slow.recover(2 * np.arange(len(log)) + 1, [key for key, _ in log], [value for _, value in log])
    store, n_stale = loaded(tmp_path, log, 700, 100_000, 20_000)
    assert n_stale == 0
    assert len(store.items()) > 1_000
    same(tmp_path, store, slow)


def test_what_is_in_memory_at_once_does_not_grow_with_the_number_of_runs(tmp_path, monkeypatch):
    sizes = []

    def settle(keys, values, look_up):
        sizes.append(stateload.size_of(keys, values))
        return newest.settle(keys, values, look_up)

    monkeypatch.setattr(stateload, "settle", settle)
    chance = np.random.default_rng(6)
    log = [
        record(b"u%d" % chance.integers(20_000) if at % 5 else b"hot", (1, at, 0, bytes(900)))
        for at in range(12_000)
    ]
    store, _ = loaded(tmp_path, log, 78, run_bytes=100_000, range_bytes=400_000)
    store.close()
    assert sum(sizes) > 10_000_000
    assert max(sizes) < 600_000


def test_values_of_a_filled_store_are_found_and_replaced(tmp_path):
    store, _ = loaded(
        tmp_path, [record(b"a", (1, 5, 0, b"x")), record(b"b", (1, 6, 0, b"y"))], 2, 1, 1
    )
    assert store.get_many([b"a", b"c"]) == [record(b"a", (1, 5, 0, b"x"))[1], None]
    late, newer = record(b"a", (0, 9, 0, b"late")), record(b"b", (2, 7, 0, b"z"))
    assert store.recover(np.array([4, 5]), [b"a", b"b"], [late[1], newer[1]]) == 1
    assert store.get_many([b"a", b"b"]) == [record(b"a", (1, 5, 0, b"x"))[1], newer[1]]
    assert store.outweighed == {b"a"}
    store.close()


def test_a_value_that_is_no_state_is_told(tmp_path):
    with pytest.raises(ValueError, match="shorter than its header"):
        loaded(tmp_path, [(b"a", b"short")], 1, 1, 1)


FULL = """
import os, resource, sys
from pathlib import Path
from stream.worker.envelope import new_headers, pack
from stream.worker.partition import PartitionStore
from stream.worker.rocks import block_cache
from stream.worker.stateload import StateLoad

folder = Path(sys.argv[1])
store = PartitionStore(folder / "store", block_cache(1 << 20), 1 << 20)
load = StateLoad(folder / "records")
for n in range(2_000):
    load.add(n, [b"u%d" % n], pack(new_headers(1), [os.urandom(300)]))
if sys.argv[2] == "tables":
    load.put_aside()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    store.fill(load, folder)
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("what", ["records", "tables"])
def test_a_file_that_cannot_be_written_is_an_error_of_the_file_system(tmp_path, what):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), what],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "File too large" in done.stdout, done.stderr
