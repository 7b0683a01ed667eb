"""A store that is filled with a whole changelog at once holds what recovery would have left."""

import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.worker.envelope import new_headers, pack
from stream.worker.partition import PartitionStore
from stream.worker.rocks import block_cache
from stream.worker.stateload import BLOCK_RECORDS, StateLoad

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


def loaded(folder: Path, log: list[Record], step: int, **sizes: int) -> tuple[PartitionStore, int]:
    """Return a store that was filled at once, and how many records were outweighed."""
    (folder / "scratch").mkdir()
    store = opened(folder / "loaded")
    with closing(StateLoad(folder / "records", **sizes)) as load:
        for begin in range(0, len(log), step):
            part = log[begin : begin + step]
            last = 2 * (begin + len(part)) - 1  # with gaps between the offsets
            load.add(last, [key for key, _ in part], [value for _, value in part])
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
        store, n = loaded(folder, log, step, run_bytes=run_bytes, range_bytes=range_bytes)
        assert n == n_stale
        same(folder, store, slow)


def test_many_users_in_many_runs_and_one_with_more_records_than_a_range(tmp_path):
    chance = np.random.default_rng(5)
    log = [
        record(
            b"hot" if at % 3 else b"u%d" % chance.integers(3_000),
            (1, at, 0, bytes(chance.integers(0, 200))),
        )
        for at in range(40 * BLOCK_RECORDS)
    ]
    slow = opened(tmp_path / "slow")
    slow.recover(2 * np.arange(len(log)) + 1, [key for key, _ in log], [value for _, value in log])
    store, n_stale = loaded(tmp_path, log, 700, run_bytes=100_000, range_bytes=20_000)
    assert n_stale == 0
    assert len(store.items()) > 1_000
    same(tmp_path, store, slow)


def test_values_of_a_filled_store_are_found_and_replaced(tmp_path):
    store, _ = loaded(tmp_path, [record(b"a", (1, 5, 0, b"x")), record(b"b", (1, 6, 0, b"y"))], 2)
    assert store.get_many([b"a", b"c"]) == [record(b"a", (1, 5, 0, b"x"))[1], None]
    late, newer = record(b"a", (0, 9, 0, b"late")), record(b"b", (2, 7, 0, b"z"))
    assert store.recover(np.array([4, 5]), [b"a", b"b"], [late[1], newer[1]]) == 1
    assert store.get_many([b"a", b"b"]) == [record(b"a", (1, 5, 0, b"x"))[1], newer[1]]
    assert store.outweighed == {b"a"}
    store.close()


def test_a_value_that_is_no_state_is_told(tmp_path):
    with pytest.raises(ValueError, match="shorter than its header"):
        loaded(tmp_path, [(b"a", b"short")], 1)
