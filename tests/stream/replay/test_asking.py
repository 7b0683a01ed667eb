"""Asking of customers between their events, and what they are learned to have spent."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from model.habits import AT
from stream.loading import load_policy
from stream.pipeline.features import N_FEATURES, POSITION
from stream.replay import askedset, asking
from stream.replay.askedset import Askedset
from stream.replay.asking import Customers, ask, moments_of
from stream.replay.history import read_history
from stream.replay.learning import Exports, Learning, learn, learned_rows
from stream.replay.replay import Replay, ReplaySettings
from stream.replay.spent import FIELDS, spent_after
from tests.stream.replay.test_trainset import DAY, START, Watching, order
from topics.columns import EVENT
from topics.decode import Decoder
from topics.hashing import Tokens

DECODER = Decoder(Tokens(b"key of the tests"))


def written(tmp_path: Path, events: list[Any]) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    return path


def replay() -> Replay:
    return Replay(load_policy(None), Watching(N_FEATURES), ReplaySettings())


def at(day: float) -> int:
    return START + int(day * DAY)


def test_silence_counts_up_to_the_moment_and_a_question_leaves_no_trace(tmp_path: Path) -> None:
    path = written(tmp_path, [order(0, 0), order(1, 10)])
    asking, quiet, features = replay(), replay(), []
    customers = Customers()
    for part in read_history([path], DECODER, cuts=[at(4), at(10)]):
        if len(part.events) and part.events.rows["time_ms"][0] == at(10):
            x = ask(asking, customers.tokens(), at(4))
            features.append(x.features[0])
            assert x.past["amount"][0, 0] == 10.0
        customers.meet(part)
        one, other = asking.decide(part), quiet.decide(part)
        np.testing.assert_array_equal(one.features, other.features)
        assert one.users.states() == other.users.states()
    assert features[0][POSITION["hours_since_order"]] == pytest.approx(96)
    assert features[0][POSITION["n_orders"]] == 1


def askedset_of(path: Path, moments: list[int], days: float, until: float) -> Any:
    one = replay()
    found = Askedset(one, moments, int(days * DAY))
    orders = []
    for part in read_history([path], DECODER, until_ms=at(until), cuts=moments):
        found.before(part)
        one.decide(part)
        orders.append(part.events.rows[FIELDS])
    found.finish()
    return found.rows(np.concatenate(orders)), found.user_ids()


def test_each_customer_is_asked_at_each_moment_after_the_first_event(tmp_path: Path) -> None:
    events = [order(0, 0), order(1, 3, user="v"), order(2, 4), order(3, 1, user="guest:o3")]
    asked, users = askedset_of(written(tmp_path, events), [at(2), at(4), at(9)], 5, 30)
    assert list(zip(users, ((asked.time_ms - START) / DAY).tolist(), strict=True)) == [
        ("u", 2), ("u", 4), ("v", 4), ("u", 9), ("v", 9)]  # fmt: skip
    # The order at the very moment of day 4 is not known then: it comes after.
    assert asked.spend.tolist() == [12, 12, 0, 0, 0]
    assert asked.habits[:, AT["orders_kept"]].tolist() == [1, 1, 1, 2, 1]


def test_of_many_customers_those_are_asked_whose_answers_are_kept_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, [order(i, i / 100, user=f"u{i % 200}") for i in range(800)])
    moments = [at(day) for day in (3, 4, 5, 6)]
    everybody, _ = askedset_of(path, moments, 5, 30)
    assert len(everybody) == 800
    asked: list[int] = []

    def counting(replay: Replay, users: np.ndarray, at_ms: int) -> Any:
        asked.append(len(users))
        return ask(replay, users, at_ms)

    monkeypatch.setattr(asking, "ask", counting)
    monkeypatch.setattr(asking, "AT_ONCE", 7)
    monkeypatch.setattr(askedset, "MAX_ROWS", 250)
    some, _ = askedset_of(path, moments, 5, 30)
    assert 125 <= len(some) == sum(asked) <= 250
    assert max(asked) == 7
    kept = np.isin(everybody.user, some.user)
    for name in ("habits", "spend", "user", "time_ms"):
        np.testing.assert_array_equal(getattr(some, name), getattr(everybody, name)[kept])


def test_moments_end_when_a_horizon_before_the_training_does() -> None:
    moments = moments_of(0, 300 * DAY, 90 * DAY)
    assert len(moments) == 12
    assert moments[-1] == 210 * DAY
    assert set(np.diff(moments)) == {15 * DAY}
    assert moments_of(200 * DAY, 300 * DAY, 90 * DAY) == [210 * DAY]


def spent(events: list[tuple[int, float, str, float]], horizon: float) -> float:
    """Spend from time 0 on; events are (order, time, status, amount)."""
    steps = {"placed": 0, "paid": 1, "shipped": 2, "cancelled": 4, "returned": 5, "refunded": 6}
    rows = np.zeros(len(events), EVENT)
    rows["user"] = 7
    for i, (number, time, status, amount) in enumerate(events):
        rows[i]["order"], rows[i]["time_ms"] = number, round(time)
        rows[i]["step"], rows[i]["amount"] = steps[status], amount
    return float(spent_after(np.zeros(1, np.int64), np.full(1, 7, np.uint64), rows[FIELDS],
                             round(horizon))[0])  # fmt: skip


def test_an_order_counts_once_and_what_came_back_counts_against_it() -> None:
    assert spent([(1, 5, "placed", 10), (1, 6, "paid", 10), (1, 7, "shipped", 10)], 100) == 10
    assert spent([(1, 5, "paid", 10)], 100) == 10
    cancelled = [(1, 5, "placed", 10), (1, 6, "cancelled", 10), (1, 7, "refunded", 10)]
    assert spent([*cancelled, (2, 8, "placed", 3)], 100) == 3
    assert spent([(1, 5, "placed", 10), (1, 60, "returned", 4)], 50) == 10
    assert spent([(1, 5, "placed", 10), (1, 40, "returned", 4)], 50) == 6


def test_nobody_spends_less_than_nothing() -> None:
    assert spent([(9, 5, "returned", 10), (2, 8, "placed", 3)], 100) == 0


def learning(events: Path, **more: Any) -> Learning:
    chosen = {
        "events": events, "labels": None, "from_ms": 0, "until_ms": at(60), "label_delay_ms": 0,
        "unlabelled": "negative", "horizon_ms": 12 * DAY, "max_rows": 5000, "base": "none",
        "max_texts": 0, "max_seconds": 0.1, "seed": 0, "zone_ms": 0, "lag_ms": 0, "threads": 1,
    } | more  # fmt: skip
    return Learning(**chosen)


def test_spend_is_learned_without_any_label(tmp_path: Path) -> None:
    path = written(tmp_path, [order(i, i / 10, user=f"u{i % 40}") for i in range(600)])
    exports = Exports(asked=tmp_path / "asked.parquet")
    manifest = learn(DECODER, load_policy(None), learning(path), tmp_path / "model", exports)
    assert manifest["heads"] == ["spend"]
    assert manifest["spending"]["trees"][0] >= 1
    table = pq.read_table(exports.asked)
    assert len(table) == 40 * 12
    assert set(table["user_id"].to_pylist()) == {f"u{i}" for i in range(40)}
    assert table["spend"].null_count == 0


def test_nothing_later_than_the_training_is_learned_from(tmp_path: Path) -> None:
    early = [order(i, i / 10, user=f"u{i % 40}") for i in range(600)]
    late = [order(1000 + i, 60 + i / 50, user=f"u{i % 40}", amount=9e5) for i in range(200)]
    found = [
        learned_rows(DECODER, load_policy(None), learning(written(tmp_path, events))).asked
        for events in (early, early + late)
    ]
    assert found[0] is not None
    assert found[1] is not None
    np.testing.assert_array_equal(found[0].spend, found[1].spend)
    np.testing.assert_array_equal(found[0].habits, found[1].habits)
    assert found[0].time_ms.max() + 12 * DAY <= at(60)
