"""User states: packed and unpacked, versioned, bounded; duplicates and labels."""

import numpy as np
import pytest
from hypothesis import given, settings

from stream.pipeline import layout
from stream.pipeline.aggregates import COLUMN
from stream.pipeline.packed import MAX_PACKED_BYTES, pack, unpack
from stream.pipeline.users import Steps, advance, steps_by_user
from tests.stream.pipeline.reference import DAY, HOUR
from tests.stream.pipeline.runs import Fast, run_fast, steps_of
from tests.stream.pipeline.streams import (
    INTERPRETED,
    START,
    Item,
    Maker,
    examples,
    seeded,
    streams,
)
from topics.columns import EVENT, LABEL

NOTHING = np.zeros(0, EVENT), np.zeros(0, LABEL)


def opened(packed: bytes) -> layout.State:
    state, real = layout.new_state(), np.zeros(1)
    unpack(state, np.frombuffer(packed + bytes(16), np.uint8), 0, real, real.view(np.uint8))
    return state


def untouched(n: int) -> Steps:
    return Steps(np.zeros(n + 1, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.int64))


def asked(items: list[Item], name: str) -> list[float]:
    return [row[COLUMN[name]] for row in run_fast(items).aggregates]


@given(streams())
@settings(max_examples=examples(60))
def test_a_state_unpacked_and_packed_again_is_the_same(items):
    states = [state for state in run_fast(items).states.values() if state]
    result = advance(*NOTHING, untouched(len(states)), [*states])
    assert [result.state(i) for i in range(len(states))] == states


def test_a_packed_state_holds_every_field():
    items = seeded(0, 600 if INTERPRETED else 2_000, n_users=1, duplicate_share=0.1)
    state = opened(run_fast(items).states[items[0]["user"]] or b"")
    assert np.count_nonzero(state.life) == layout.N_LIFE
    assert np.count_nonzero(state.reals) == layout.N_REALS - 1  # rating_m2 is not kept yet
    assert (state.n_panes > 0).all()
    assert (state.n_recent > 3).all()
    assert (state.sizes[:4] >= (12, 64, 5, 20)).all()
    again, real = np.zeros(MAX_PACKED_BYTES, np.uint8), np.zeros(1)
    end = pack(state, again, 0, real, real.view(np.uint8))
    assert again[:end].tobytes() == run_fast(items).states[items[0]["user"]]


def test_a_user_never_seen_has_the_state_of_nobody():
    result = advance(*NOTHING, untouched(2), [None, None])
    assert result.state(0) == result.state(1)
    state = opened(result.state(0))
    assert (state.life[: layout.N_TIMES] == layout.NO_TIME).all()
    assert not state.life[layout.N_TIMES :].any()


def test_a_state_of_another_version_is_refused():
    state = advance(*NOTHING, untouched(1), [None]).state(0)
    later = bytes([layout.PACKED_VERSION + 1]) + state[1:]
    with pytest.raises(ValueError, match="user state has version 3, this code reads 2"):
        advance(*NOTHING, untouched(2), [state, later])


def test_the_past_is_copied_only_where_wanted():
    events = np.zeros(3, EVENT)
    events["event"] = 1, 2, 3
    result = advance(events, NOTHING[1], steps_by_user(events["user"])[1], [None], want_past=False)
    assert result.past.shape == (3, 0)
    assert result.n_past.tolist() == [0, 0, 0]
    result = advance(events, NOTHING[1], steps_by_user(events["user"])[1], [None])
    assert result.n_past.tolist() == [0, 1, 2]
    assert (result.past["step"][1] == [0] + [255] * 23).all()


def random_events(n: int, mean_gap_ms: float) -> np.ndarray:
    """Return EVENT[n] of one user, every field of whom is busy."""
    rng = np.random.default_rng(0)
    events = np.zeros(n, EVENT)
    gaps = rng.exponential(mean_gap_ms, n) - (rng.random(n) < 0.2) * rng.exponential(HOUR, n)
    events["time_ms"] = START + np.cumsum(np.round(gaps)).astype(np.int64)
    for name in ("event", "order", "device", "address", "instrument", "ip", "seller", "text"):
        events[name] = rng.integers(1, 2**64 - 1, n, np.uint64)
    events["category"] = rng.integers(1, 2**32 - 1, n, np.uint32)
    events["step"] = rng.choice([*range(7), *range(8, 17)], n)
    events["type"] = np.searchsorted([8, 16], events["step"], side="right")
    events["amount"] = np.where(events["type"] == 2, np.nan, rng.exponential(1e5, n))
    events["rating"] = np.where(events["type"] == 2, rng.integers(1, 6, n), 0)
    events["sketch"] = rng.integers(0, 256, (n, 16))
    return events


@pytest.mark.parametrize("mean_gap_ms", [1_000, 10 * 60_000, 3 * HOUR])
def test_the_state_of_the_busiest_user_stays_small(mean_gap_ms, record_property):
    n, batch = (600, 200) if INTERPRETED else (100_000, 1_000)
    events, sizes, state = random_events(n, mean_gap_ms), [], None
    for start in range(0, n, batch):
        rows = events[start : start + batch]
        result = advance(rows, NOTHING[1], steps_by_user(rows["user"])[1], [state])
        state = result.state(0)
        sizes.append(len(state))
    record_property("bytes", max(sizes))
    print("bytes after each batch: median", np.median(sizes), "largest", max(sizes))
    assert max(sizes) < 8_192
    assert len(state) > 2_000


def test_the_states_of_a_shop_are_two_kilobytes_at_most_for_nearly_all():
    items = seeded(0, 300 if INTERPRETED else 10_000, n_users=200, mean_gap_ms=HOUR)
    fast = Fast()
    fast.run(items)
    sizes = [len(state) for state in fast.states.values() if state]
    print("bytes: median", np.median(sizes), "99th percentile", np.percentile(sizes, 99))
    assert np.percentile(sizes, 99) < 2_048


@given(streams())
@settings(max_examples=examples(60))
def test_duplicates_change_nothing_but_their_count(items):
    seen: set[int] = set()
    once = []
    for item in items:
        if item["is_label"] or item["event"] not in seen:
            once.append(item)
        seen |= set() if item["is_label"] else {item["event"]}
    with_them, without = run_fast(items), run_fast(once)
    n_duplicates = sum(with_them.duplicate)
    assert n_duplicates == len(items) - len(once)
    assert not any(without.duplicate)
    for user, packed in without.states.items():
        state = opened(with_them.states[user] or b"")
        n_duplicates -= state.life[layout.N_DUPLICATES]
        state.life[layout.N_DUPLICATES] = 0
        again, real = np.zeros(MAX_PACKED_BYTES, np.uint8), np.zeros(1)
        end = pack(state, again, 0, real, real.view(np.uint8))
        assert again[:end].tobytes() == packed
    assert n_duplicates == 0
    assert with_them.entities == without.entities


def test_an_id_is_remembered_for_64_events():
    maker = Maker()
    events = [maker.event(1, START + i, 8) for i in range(65)]
    assert run_fast([*events[:64], events[0]]).duplicate[-1]
    assert not run_fast([*events, events[0]]).duplicate[-1]


def test_a_label_counts_after_the_time_at_which_it_became_known():
    maker = Maker()
    order = maker.event(1, START, 0, order=1)
    label = maker.label(order, 1, START + DAY, True)
    later = [maker.event(1, START + DAY + ms, 8) for ms in (-1, 0, 5)]
    for items in ([order, label, *later], [order, *later[:2], label, later[2]]):
        assert asked(items, "visible_fraud_labels") == [0, 0, 0, 1]
        assert asked(items, "visible_labels") == [0, 0, 0, 1]
        assert asked(items, "since_fraud_label_ms")[3] == 5
        assert np.isnan(asked(items, "since_fraud_label_ms")[:3]).all()


def test_a_label_about_the_very_event_never_counts_for_it():
    maker = Maker()
    order = maker.event(1, START, 0, order=1)
    other = maker.event(1, START, 8)
    label = maker.label(order, 1, START - DAY, True)  # by a clock that was wrong
    assert asked([label, order, other], "visible_fraud_labels") == [0, 1]
    assert asked([label, order, other], "visible_labels") == [0, 1]
    assert np.isnan(asked([label, order, other], "since_fraud_label_ms")[0])


def test_of_labels_about_one_event_the_one_known_last_wins():
    maker = Maker()
    order = maker.event(1, START, 0, order=1)
    first, second, third = (maker.label(order, 1, START + i * HOUR, i != 2) for i in (1, 2, 3))
    end = maker.event(1, START + DAY, 8)
    for labels, frauds in (
        ([first], 1), ([first, second], 0), ([second, first], 0), ([second, third], 1),
        ([third, second], 1), ([third, first, second], 1), ([second], 0),
    ):  # fmt: skip
        items = [order, *labels, end]
        assert asked(items, "visible_fraud_labels")[-1] == frauds
        assert asked(items, "visible_labels")[-1] == 1
    same_time = [maker.label(order, 1, START + HOUR, fraud) for fraud in (True, False)]
    assert asked([order, *same_time, end], "visible_fraud_labels")[-1] == 0  # the later arrival
    assert run_fast([order, second, first, third]).label_change == [(1, 0), (0, 0), (0, 1)]


def test_a_label_about_the_user_stands_beside_those_about_events():
    maker = Maker()
    order = maker.event(1, START, 0, order=1)
    labels = [maker.label(order, 1, START, True), maker.label(None, 1, START, True)]
    end = maker.event(1, START + 1, 8)
    assert asked([order, *labels, end], "visible_fraud_labels")[-1] == 2


def test_more_labels_than_are_remembered_still_count():
    maker = Maker()
    orders = [maker.event(1, START + i, 0, order=i + 1) for i in range(30)]
    labels = [maker.label(order, 1, START + HOUR, True) for order in orders]
    end = maker.event(1, START + DAY, 8)
    assert asked([*orders, *labels, end], "visible_fraud_labels")[-1] == 30
    state = opened(run_fast([*orders, *labels]).states[end["user"]] or b"")
    assert state.sizes[layout.Z_LABELS] == layout.MAX_LABELS


def test_steps_keep_each_users_order():
    maker = Maker()
    items = [maker.event(user, START, 8) for user in (2, 1, 2)]
    items.insert(2, maker.label(None, 1, START, True))
    users, steps = steps_of(items)
    assert users == [items[0]["user"], items[1]["user"]]
    assert steps.kinds.tolist() == [0, 0, 0, 1]
    assert steps.rows.tolist() == [0, 2, 1, 0]
    tokens, none = steps_by_user(np.zeros(0, np.uint64))
    assert len(tokens) == 0
    assert none.starts.tolist() == [0]
