"""The store of one partition: it keeps what was written, and recovery knows the newer record."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.worker.envelope import Headers, new_headers, pack, term_of, unpack
from stream.worker.newest import newer, weigh
from stream.worker.partition import PartitionStore
from stream.worker.rocks import block_cache

CACHE = block_cache(1 << 20)


def header(term: int, *applied: int) -> Headers:
    headers = new_headers(1)
    headers["term"], headers["epoch"] = term, 1
    headers["applied"][0, : len(applied)] = applied
    return headers


def value(state: bytes, term: int, *applied: int) -> bytes:
    packed = pack(header(term, *applied), [state])[0]
    assert packed is not None
    return packed


@pytest.fixture
def store(tmp_path):
    store = PartitionStore(tmp_path / "p", CACHE, 100_000)
    yield store
    store.close()


def state_of(store: PartitionStore, key: bytes = b"u") -> bytes | None:
    return unpack(store.get_many([key]))[1][0]


def recover(store: PartitionStore, first: int, *values: bytes | None, key: bytes = b"u") -> int:
    offsets = np.arange(first, first + len(values))
    return store.recover(offsets, [key] * len(values), list(values))


def test_values_position_and_term_are_there_after_closing_and_opening(tmp_path: Path):
    store = PartitionStore(tmp_path / "p", CACHE, 100_000)
    store.set_life(77)
    store.write([b"a", b"b"], [value(b"1", 5), value(b"2", 5)], 41, 5)
    store.write([b"a"], [None], 42, 5)
    store.close()
    again = PartitionStore(tmp_path / "p", CACHE, 100_000)
    assert (again.life, again.position, again.term) == (77, 42, 5)
    assert [key for key, _ in again.items()] == [b"b"]
    assert again.get_many([b"a", b"b"]) == [None, value(b"2", 5)]
    again.close()


def test_recovery_keeps_the_owners_record_and_not_the_late_one_of_a_paused_former_owner(store):
    n_stale = recover(store, 0, value(b"owner", 5, 10, 3), value(b"paused", 4, 90, 3))
    assert (n_stale, state_of(store), store.position, store.term) == (1, b"owner", 1, 5)


def test_recovery_outweighs_a_late_record_that_comes_in_another_batch_too(store):
    recover(store, 0, value(b"owner", 5, 10))
    assert recover(store, 1, value(b"paused", 4, 90)) == 1
    assert state_of(store) == b"owner"


def compacted(log: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """What compaction leaves of a changelog of one key: the last record."""
    return log[-1:]


def test_a_repaired_key_survives_the_compaction_of_everything_before_its_last_record(tmp_path):
    log = [(0, value(b"owner", 5, 10)), (1, value(b"paused", 4, 90))]
    for number, (repairs, wanted) in enumerate([(False, b"paused"), (True, b"owner")]):
        owner = PartitionStore(tmp_path / f"owner{number}", CACHE, 100_000)
        recover(owner, 0, *(record for _, record in log))
        written = list(log)
        if repairs:
            written += enumerate(owner.get_many(sorted(owner.outweighed)), 2)
        fresh = PartitionStore(tmp_path / f"fresh{number}", CACHE, 100_000)
        for offset, record in compacted(written):
            assert recover(fresh, offset, record) == 0
        assert state_of(fresh) == wanted
        assert state_of(owner) == b"owner"
        owner.close()
        fresh.close()


def test_a_key_is_to_be_repaired_until_a_later_record_of_it_or_the_repair(tmp_path):
    store = PartitionStore(tmp_path / "p", CACHE, 100_000)
    recover(store, 0, value(b"owner", 5, 10), value(b"paused", 4, 90), value(b"next", 5, 11))
    assert not store.outweighed
    recover(store, 3, value(b"paused", 4, 91))
    assert store.outweighed == {b"u"}
    store.close()  # the position is behind the stale record now: nobody will read it again
    store = PartitionStore(tmp_path / "p", CACHE, 100_000)
    assert store.outweighed == {b"u"}
    store.repaired([b"u"], 4)
    assert (store.outweighed, store.position, state_of(store)) == (set(), 4, b"next")
    store.close()
    store = PartitionStore(tmp_path / "p", CACHE, 100_000)
    assert (store.outweighed, [key for key, _ in store.items()]) == (set(), [b"u"])
    recover(store, 5, value(b"paused", 4, 92))
    recover(store, 6, value(b"owner", 6, 12))
    assert not store.outweighed
    store.close()


def test_within_a_term_a_record_that_is_behind_in_one_topic_loses(store):
    recover(store, 0, value(b"a", 5, 10, 20), value(b"b", 5, 11, 19), value(b"c", 5, 11, 20))
    assert state_of(store) == b"c"
    assert recover(store, 3, value(b"d", 5, 12, 19)) == 1
    assert state_of(store) == b"c"


def test_offsets_of_different_lives_of_a_topic_are_not_compared(store):
    reborn = header(5, 2)
    reborn["epoch"] = 9
    after = pack(reborn, [b"after"])[0]
    assert recover(store, 0, value(b"before", 5, 1_000), after) == 0
    assert state_of(store) == b"after"


def test_recovery_skips_what_is_in_the_store_and_deletes_what_was_erased(store):
    store.write([b"u"], [value(b"kept", 5, 7)], 9, 5)
    assert recover(store, 8, value(b"older", 5, 5), value(b"older", 5, 6)) == 0
    assert state_of(store) == b"kept"
    recover(store, 10, None)
    assert state_of(store) is None
    assert recover(store, 11, value(b"new life", 1, 1)) == 0
    assert state_of(store) == b"new life"


def test_a_store_that_begins_anew_is_empty_and_follows_the_new_changelog(store):
    store.write([b"u"], [value(b"old", 5)], 9, 5)
    store.begin_anew(3)
    assert (store.life, store.position, store.term) == (3, -1, -1)
    assert state_of(store) is None


def test_a_cache_that_holds_next_to_nothing_changes_no_answer(tmp_path):
    store = PartitionStore(tmp_path / "p", CACHE, 1_000)
    for number in range(200):
        key = b"k%d" % (number % 50)
        store.write([key], [value(b"%d" % number, 1)], number, 1)
    assert [state_of(store, b"k%d" % k) for k in range(50)] == [
        b"%d" % (150 + k) for k in range(50)
    ]
    store.close()


applied_offsets = st.lists(st.integers(-1, 5), min_size=4, max_size=4)


def mark(term: int, applied: list[int], life: int = 1) -> tuple[int, np.ndarray, np.ndarray]:
    return term, np.full(4, life, np.uint32), np.array(applied)


def test_a_later_term_wins_and_within_one_what_is_not_behind_in_any_topic():
    owner, paused = mark(5, [9, 9, 9, 9]), mark(4, [99, 9, 9, 9])
    assert newer(*owner, *paused)
    assert not newer(*paused, *owner)
    assert not newer(*mark(5, [99, 8, 9, 9]), *owner)
    assert newer(*mark(5, [0, 0, 0, 0], life=2), *owner)


records = st.tuples(st.integers(0, 4), st.integers(0, 3), applied_offsets, st.booleans())


@given(st.lists(records, max_size=40), st.integers(0, 40))
def test_records_in_parts_leave_what_they_leave_one_by_one(listed, cut):
    """The reference keeps one record of each key in plain Python."""
    there: dict[int, int] = {}
    lost: dict[int, bool] = {}
    n_stale = 0
    for i, (key, term, applied, erased) in enumerate(listed):
        before = listed[there[key]] if key in there else None
        weighs = before is not None and not before[3] and not erased
        lost[key] = weighs and not newer(*mark(term, applied), *mark(*before[1:3]))
        n_stale += lost[key]
        if not lost[key]:
            there[key] = i
    headers = new_headers(len(listed))
    headers["term"], headers["epoch"] = [row[1] for row in listed], 1
    headers["applied"] = np.array([row[2] for row in listed]).reshape(-1, 4)
    place, erased = (
        np.array([row[0] for row in listed], np.int64),
        np.array([r[3] for r in listed], bool),
    )
    stored, known, kept, stale = new_headers(5), np.zeros(5, bool), np.full(5, -1), 0
    for part in (slice(0, cut), slice(cut, None)):
        found = weigh(place[part], headers[part], erased[part], stored, known)
        won = found.winner >= 0
        at = found.winner[won] + (part.start or 0)
        kept[won], stored[won], known[won] = at, headers[at], ~erased[at]
        stale += found.n_stale
        assert all(found.last_lost[key] == lost[key] for key in set(place[part].tolist())
                   if part.start or cut >= len(listed))  # fmt: skip
    assert {key: at for key, at in enumerate(kept.tolist()) if at >= 0} == there
    assert stale == n_stale


def test_a_store_that_was_empty_looks_for_nothing_that_was_not_recovered(store, monkeypatch):
    asked: list[bytes] = []
    real = store._rocks.get_many
    monkeypatch.setattr(store._rocks, "get_many", lambda keys: asked.extend(keys) or real(keys))
    recover(store, 0, value(b"1", 5), key=b"a")
    recover(store, 1, value(b"2", 5), key=b"b")
    assert asked == []
    store._cache.clear()
    assert recover(store, 2, value(b"late", 4), key=b"a") == 1
    assert asked == [b"a"]
    store.write([b"c"], [value(b"3", 5)], 3, 5)
    store._cache.clear()
    assert recover(store, 4, value(b"late", 4), key=b"c") == 1


@given(st.integers(0, 3), applied_offsets, st.integers(0, 3), applied_offsets)
def test_of_two_different_records_at_most_one_replaces_the_other(term_a, a, term_b, b):
    first, second = mark(term_a, a), mark(term_b, b)
    if (term_a, a) != (term_b, b):
        assert not (newer(*first, *second) and newer(*second, *first))
    else:
        assert newer(*first, *second)


@given(st.lists(st.tuples(st.binary(max_size=9), st.integers(0, 2**40), applied_offsets)))
def test_what_is_packed_comes_out_the_same(rows):
    headers = new_headers(len(rows))
    for row, (_, term, applied) in zip(headers, rows, strict=True):
        row["term"], row["applied"] = term, applied
    again, states = unpack(pack(headers, [state for state, _, _ in rows]))
    assert states == [state for state, _, _ in rows]
    assert again["term"].tolist() == [term for _, term, _ in rows]
    assert again["applied"].tolist() == [applied for _, _, applied in rows]
    assert not again["epoch"].any()


@given(st.lists(st.integers(1, 50), min_size=1))
def test_terms_never_go_back_whatever_the_generations_do(generations):
    term = -1
    for generation in generations:
        later = term_of(generation, term)
        assert later >= term
        assert later > term or generation == term & 0xFFFFFFFF
        term = later


def test_a_value_of_another_layout_is_refused():
    strange = new_headers(1)
    strange["version"] = 9
    with pytest.raises(ValueError, match="version 9"):
        unpack([strange.tobytes() + b"state"])
    with pytest.raises(ValueError, match="shorter"):
        unpack([b"short"])


def test_announced_values_are_answered_until_they_are_written_or_forgotten(store):
    first, second, third = (value(state, 1) for state in (b"1", b"2", b"3"))
    store.announce([b"a"], [first])
    assert store.get_many([b"a", b"b"]) == [first, None]
    store.announce([b"a"], [second])
    store.write([b"a"], [first], 0, 1)
    assert store.get_many([b"a"]) == [second]  # newer than what was written
    store.write([b"a"], [second], 1, 1)
    store.announce([b"a"], [third])
    store.forget_announced()
    assert store.get_many([b"a"]) == [second]


def test_a_value_that_will_be_erased_is_answered_as_none(store):
    store.write([b"a"], [value(b"1", 1)], 0, 1)
    store.announce([b"a"], [None])
    assert store.get_many([b"a"]) == [None]
    store.write([b"a"], [None], 1, 1)
    assert store.get_many([b"a"]) == [None]
