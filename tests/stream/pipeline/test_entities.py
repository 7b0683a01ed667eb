"""Entities: when a link counts, how many users there are, labels, bounds and versions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from stream.pipeline.entities import TOUCH, EntityResult, group_touches, visit
from stream.pipeline.entity_answers import QUESTIONS
from stream.pipeline.entity_packed import unpack_entity
from stream.pipeline.entity_state import (
    ENTITY_VERSION,
    MAX_PENDING,
    MAX_USERS,
    N_PENDING,
    N_USERS,
    SAMPLE_LEVEL,
    Entity,
    new_entity,
)
from tests.stream.pipeline.reference import DAY, HOUR, MINUTE
from tests.stream.pipeline.runs import run_fast
from tests.stream.pipeline.streams import INTERPRETED, START, examples, seeded, streams
from topics.columns import Rows

LAG = 2_000


def link(time_ms: int, user: int = 1, **fields: Any) -> dict[str, Any]:
    return {"time_ms": START + time_ms, "user": user, "adds": 1, "row": -1} | fields


def label(known_ms: int, labels: int = 1, frauds: int = 1) -> dict[str, Any]:
    return link(known_ms, 0, labels=labels, frauds=frauds)


def question(time_ms: int, user: int = 0) -> dict[str, Any]:
    return {"time_ms": START + time_ms, "user": user, "row": 0}


def touches_of(listed: list[dict[str, Any]]) -> Rows:
    touches = np.zeros(len(listed), TOUCH)
    for touch, fields in zip(touches, listed, strict=True):
        for name, value in ({"entity": 1} | fields).items():
            touch[name] = value
    return touches


def go(touches: Rows, state: bytes | None = None, n_rows: int = 1) -> EntityResult:
    """Take the touches of one entity through its state."""
    return visit(touches, np.array([0, len(touches)]), [state], n_rows, lag_ms=LAG)


def answer(*listed: dict[str, Any]) -> dict[str, float]:
    """Return what the last question is told."""
    found = go(touches_of(list(listed)))
    return dict(zip(QUESTIONS, found.answers[0].tolist(), strict=True))


def opened(packed: bytes) -> Entity:
    entity, real = new_entity(), np.zeros(1)
    data = np.frombuffer(packed + bytes(16), np.uint8)
    unpack_entity(entity, data, 0, real, real.view(np.uint8))
    return entity


def crowd(n_users: int, *, each: int = 1, span_ms: int = HOUR, seed: int = 0) -> Rows:
    """Return links of ``n_users`` random users, ``each`` times, spread over ``span_ms``."""
    rng = np.random.default_rng(seed)
    touches = np.zeros(n_users * each, TOUCH)
    touches["entity"] = 1
    touches["user"] = np.repeat(rng.integers(0, 2**48, n_users), each)
    rng.shuffle(touches["user"])
    touches["time_ms"] = START + np.sort(rng.integers(0, span_ms, len(touches)))
    touches["adds"], touches["row"] = 1, -1
    return touches


def test_a_link_counts_from_its_time_plus_the_lag():
    for ms, wanted in ((0, 0), (LAG - 1, 0), (LAG, 1), (HOUR, 1), (DAY, 0)):
        found = answer(link(0, is_order=1, amount=5.0), question(ms))
        assert found["orders_1d"] == wanted
        assert found["amount_1d"] == 5.0 * wanted
        assert found["other_users_1d"] == wanted
        assert found["events_30d"] == (ms >= LAG)
        assert np.isnan(found["age_ms"]) if ms < LAG else found["age_ms"] == ms


def test_one_does_not_count_as_ones_own_other_user():
    assert answer(link(0, 7), link(1, 8), question(HOUR, 7))["other_users_1d"] == 1
    assert answer(link(0, 7), link(1, 8), question(HOUR, 9))["other_users_1d"] == 2
    assert answer(link(0, 7), link(DAY, 7), question(DAY + HOUR, 9))["other_users_1d"] == 1


def test_a_label_counts_after_the_time_at_which_it_became_known():
    for ms, wanted in ((HOUR - 1, 0), (HOUR, 0), (HOUR + 1, 1), (6 * DAY, 1), (8 * DAY, 0)):
        assert answer(link(0), label(HOUR), question(ms))["frauds_7d"] == wanted
        assert answer(link(0), label(HOUR), question(ms))["labels_7d"] == wanted


def test_a_withdrawn_label_leaves_no_fraud_and_never_less_than_none():
    withdrawn = label(10 * DAY, labels=0, frauds=-1)
    found = answer(link(0), label(0), withdrawn, question(10 * DAY + HOUR))
    assert found["frauds_30d"] == 0
    assert found["frauds_7d"] == 0
    assert found["labels_30d"] == 1


def test_a_pending_label_hides_no_user():
    # The label arrives first and is still pending when the user's link from long before comes.
    found = answer(label(DAY), link(DAY - HOUR, 0), question(DAY + MINUTE, 9))
    assert found["other_users_1d"] == 1


@pytest.mark.parametrize("n_users", [1, 200, MAX_USERS])
def test_users_are_counted_exactly_up_to_256(n_users):
    touches = np.concatenate([crowd(n_users, each=3), touches_of([question(HOUR + LAG)])])
    found = go(touches)
    assert found.answers[0, QUESTIONS.index("other_users_30d")] == n_users
    assert opened(found.state(0)).head[SAMPLE_LEVEL] == 0


def test_users_above_256_are_estimated_within_a_few_percent(record_property):
    ratios = []
    for seed in range(2 if INTERPRETED else 60):
        n_users = 600 if INTERPRETED else (500, 3_000, 20_000)[seed % 3]
        touches = crowd(n_users, span_ms=DAY // 2, seed=seed)
        found = go(np.concatenate([touches, touches_of([question(DAY // 2 + HOUR)])]))
        ratios.append(found.answers[0, QUESTIONS.index("other_users_30d")] / n_users)
        assert opened(found.state(0)).head[N_USERS] <= MAX_USERS
    error = np.sqrt(np.mean((np.array(ratios) - 1) ** 2))
    record_property("error", float(error))
    print(f"error {error:.3f}, mean {np.mean(ratios):.3f}, worst {max(ratios, key=abs):.3f}")
    assert error < 0.12
    assert INTERPRETED or abs(np.mean(ratios) - 1) < 0.03


def test_users_of_more_than_a_month_ago_make_room():
    old = crowd(MAX_USERS)
    new = crowd(MAX_USERS - 1, seed=1)
    new["time_ms"] += 40 * DAY
    found = go(np.concatenate([old, new, touches_of([question(40 * DAY + 2 * HOUR)])]))
    assert found.answers[0, QUESTIONS.index("other_users_30d")] == MAX_USERS - 1
    assert opened(found.state(0)).head[SAMPLE_LEVEL] == 0


def test_more_links_at_once_than_can_wait_count_early_but_once():
    n = 3 * MAX_PENDING
    burst = [link(i, user=i + 1, is_order=1, amount=1.0) for i in range(n)]
    now = answer(*burst, question(n))
    assert now["orders_1d"] == n - MAX_PENDING  # pushed out of the pending ones
    assert now["other_users_1d"] == n - MAX_PENDING
    for name in ("orders_1d", "orders_30d", "other_users_1d", "events_1d", "amount_30d"):
        assert answer(*burst, question(n + LAG))[name] == n
    assert opened(go(touches_of(burst)).state(0)).head[N_PENDING] == MAX_PENDING


def test_the_state_of_the_busiest_seller_stays_small(record_property):
    n, sizes, state = (500 if INTERPRETED else 50_000), [], None
    touches = crowd(n // 5, each=5, span_ms=40 * DAY)
    touches["amount"] = 9.99
    for start in range(0, n, n // 10):
        state = go(touches[start : start + n // 10], state).state(0)
        sizes.append(len(state))
    record_property("bytes", max(sizes))
    print("bytes after each batch:", sizes)
    assert max(sizes) < 8_192


def test_many_states_that_all_grow_by_one_touch_fit():
    # Each user's distance to the newest touch takes three bytes, and six after a year.
    touches = crowd(MAX_USERS, span_ms=100)
    folded = touches_of([link(13_000, int(touches["user"][0]))])
    state = go(np.concatenate([touches, folded])).state(0)
    n = 10 if INTERPRETED else 300
    later = touches_of([link(365 * DAY, 5, entity=i) for i in range(n)])
    result = visit(later, np.arange(n + 1), [state] * n, 0, lag_ms=LAG)
    assert result.ends[-1] > n * (len(state) + 512)
    assert result.ends[-1] <= len(result.packed)
    assert {result.state(i) for i in range(n)} == {result.state(0)}


def test_a_state_of_another_version_is_refused():
    state = go(touches_of([link(0)])).state(0)
    assert state[0] == ENTITY_VERSION
    with pytest.raises(ValueError, match="entity state has version 2, this code reads 1"):
        go(touches_of([link(1)]), bytes([2]) + state[1:])


def test_questions_alone_change_nothing_and_need_not_be_packed():
    state = go(touches_of([link(0), label(5)])).state(0)
    ask = touches_of([question(HOUR), question(2 * HOUR)])
    assert go(ask, state).state(0) == state
    unpacked = visit(ask, np.array([0, 2]), [state], 2, lag_ms=LAG, keep=False)
    assert len(unpacked.packed) == 1
    assert unpacked.answers[0].tolist() == go(ask, state).answers[0].tolist()
    assert np.isnan(unpacked.answers[1]).all()  # nobody asked for this row


@given(streams())
@settings(max_examples=examples(40))
def test_a_state_unpacked_and_packed_again_is_the_same(items):
    states = [state for state in run_fast(items).entities.values() if state]
    starts = np.zeros(len(states) + 1, np.int64)
    result = visit(np.zeros(0, TOUCH), starts, [*states], 0, lag_ms=LAG)
    assert [result.state(i) for i in range(len(states))] == states


def test_a_crowds_state_survives_packing_too():
    for state in run_fast(seeded(0, 80 if INTERPRETED else 3_000, n_users=900)).entities.values():
        assert go(np.zeros(0, TOUCH), state).state(0) == state


def test_touches_are_grouped_by_entity_in_their_order():
    listed = [link(i, entity=entity) for i, entity in enumerate((5, 3, 5, 9, 3))]
    tokens, touches, starts = group_touches(touches_of(listed))
    assert tokens.tolist() == [3, 5, 9]
    assert (touches["time_ms"] - START).tolist() == [1, 4, 0, 2, 3]
    assert starts.tolist() == [0, 2, 4, 5]
    tokens, touches, starts = group_touches(np.zeros(0, TOUCH))
    assert (len(tokens), len(touches), starts.tolist()) == (0, 0, [0])


def test_labels_far_ahead_neither_erase_links_nor_count_before_they_are_known() -> None:
    day = 86_400_000
    touches = np.zeros(13, TOUCH)
    touches["entity"], touches["adds"], touches["row"] = 1, 1, -1
    touches["user"] = np.arange(13)
    touches["time_ms"][:10] = START + np.arange(10) * 60_000
    touches["is_order"][:10] = 1
    touches["time_ms"][10] = START + 45 * day
    touches["labels"][10] = touches["frauds"][10] = 1
    touches["adds"][11:], touches["row"][11:] = 0, [0, 1]
    touches["time_ms"][11:] = START + day // 2, START + 45 * day + 1
    _, ordered, starts = group_touches(touches)
    answers = visit(ordered, starts, [None], 2, lag_ms=2_000).answers
    at = {question: i for i, question in enumerate(QUESTIONS)}
    assert answers[:, at["orders_1d"]].tolist() == [10, 0]
    assert answers[:, at["frauds_30d"]].tolist() == [0, 1]
