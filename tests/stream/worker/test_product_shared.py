"""What users share: counters across topics, devices across workers, labels from when known."""

import random
import time
from itertools import count

import pytest
from aiokafka.partitioner import murmur2

from tests.real.reference import differing
from tests.stream.worker.market import START_MS, Market, feature, traffic
from tests.stream.worker.process import WorkerProcess

pytestmark = pytest.mark.kafka

HOUR_MS = 3_600_000
KINDS = ("order", "browse", "review")
SERIAL = count()


@pytest.fixture
def market(kafka):
    market = Market(kafka)
    yield market
    for worker in WorkerProcess.all:
        if worker.settings.application == market.application and worker.alive():
            worker.kill()


@pytest.fixture(scope="module")
def running(kafka, tmp_path_factory):
    """A market with a worker that goes on running, for tests that share nothing but these two."""
    market = Market(kafka)
    worker = market.worker(tmp_path_factory.mktemp("state"), commit_interval_s=0.1)
    worker.start()
    worker.wait_until_ready(240)
    yield market, worker
    worker.kill()


def order(user: str, number: str, time_ms: int, **fields):
    return {
        "type": "order", "event_id": number, "user_id": user, "event_time": time_ms,
        "order_id": number, "status": "placed", "amount": 10.0, "currency": "EUR",
    } | fields  # fmt: skip


def decide(market: Market, worker: WorkerProcess, *events):
    """Send events, wait for their decisions, and return these in order."""
    market.give(*events)
    wait(market, worker)
    said = market.decisions()
    return [said[event["event_id"]][0] for event in events]


def wait(market: Market, worker: WorkerProcess) -> None:
    market.wait_until_done(market.application, worker, 240)


def eventually(ask, wanted) -> None:
    """Ask until the answer is the wanted one: what others do takes a moment to become known."""
    deadline = time.monotonic() + 30
    while (found := ask()) != wanted:
        assert time.monotonic() < deadline, f"{found} instead of {wanted}"


def test_three_topics_at_full_speed_leave_every_counter_right(market, tmp_path):
    events = traffic(30_000, KINDS, seed=1)
    random.Random(2).shuffle(events)
    market.give(*events)
    worker = market.worker(tmp_path)
    worker.start()
    wait(market, worker)
    assert worker.stop() == 0
    said = market.decisions()
    assert said.keys() == {event["event_id"] for event in events}
    assert {len(decisions) for decisions in said.values()} == {1}
    counters = market.counters()
    assert not differing(counters, market.count().users)
    late = {event for event, decisions in said.items() if decisions[0]["late"]}
    assert len(late) == sum(user["n_late"] for user in counters.values()) > 0
    assert {record["user_id"] for record in market.records("credit.scores")} == counters.keys()


def test_two_workers_see_each_others_users_at_a_device(market, tmp_path):
    workers = [
        market.worker(tmp_path / name, instance=name, commit_interval_s=0.1)
        for name in ("one", "two")
    ]
    for worker in workers:
        worker.start()
        worker.wait_until_ready(240)
    users = one_user_for_each_partition(market)
    wait_for_a_share_each(market, workers)
    for i, user in enumerate(users):
        time_ms = START_MS + i * 60_000
        market.give(order(user, f"first-{i}", time_ms, device_id="shared"))
        market.give(order(user, f"own-{i}", time_ms, device_id=f"of {user}"))
    wait(market, workers[0])
    asked = []

    def others() -> list[float | None]:
        """Ask once more for every user, on the shared device and on the own one."""
        time_ms = START_MS + HOUR_MS + len(asked)
        for i, user in enumerate(users):
            device = order(user, f"again-{len(asked)}-{i}", time_ms, device_id="shared")
            alone = order(user, f"alone-{len(asked)}-{i}", time_ms, device_id=f"of {user}")
            market.give(device, alone)
            asked.append((device["event_id"], alone["event_id"]))
        wait(market, workers[0])
        said = market.decisions()
        newest = [event for pair in asked[-len(users) :] for event in pair]
        return [feature(said[event][0], "device_other_users_1d") for event in newest]

    n_others = len(users) - 1.0
    eventually(others, [n_others, 0.0] * len(users))
    for worker in workers:
        assert worker.stop() == 0
        assert worker.stats()["events"] > 0, "one worker did all the work"


def one_user_for_each_partition(market: Market) -> list[str]:
    users: dict[int, str] = {}
    for number in range(200):
        user = f"user-{number}"
        users.setdefault((murmur2(user.encode()) & 0x7FFFFFFF) % market.partitions, user)
    return [users[partition] for partition in range(market.partitions)]


def wait_for_a_share_each(market: Market, workers) -> None:
    """Wait until the second worker's arrival has moved partitions to it."""
    deadline = time.monotonic() + 60
    while workers[0].new_log().count("Worker ready") < 2:
        assert time.monotonic() < deadline, workers[0].tail()
        time.sleep(0.05)


def test_a_label_counts_at_the_device_the_seller_and_the_user_from_when_it_is_known(running):
    market, worker = running
    card = {"payment": {"method": "card", "instrument_id": "card-0"}}
    at = {"device_id": "d0", "seller_id": "s0"}
    decide(market, worker, order("victim-0", "bad-0", START_MS, **at, **card))
    market.tell(
        label_id="l", user_id="victim-0", kind="chargeback", is_fraud=True, event_id="bad-0",
        event_time=START_MS, known_at=START_MS + 2 * HOUR_MS,
    )  # fmt: skip
    eventually_known(market, worker, "instrument", START_MS + 3 * HOUR_MS, card)
    # One after the other: an event that comes after later ones of its device reads whole days.
    early, early_own = decide(
        market, worker,
        order("early-0", "early-0", START_MS + HOUR_MS, **at),
        order("victim-0", "early-own-0", START_MS + HOUR_MS),
    )  # fmt: skip
    late, late_own = decide(
        market, worker,
        order("late-0", "late-0", START_MS + 3 * HOUR_MS, **at),
        order("victim-0", "late-own-0", START_MS + 3 * HOUR_MS),
    )  # fmt: skip
    assert frauds(early) == [0, 0]
    assert frauds(late) == [1, 1]
    assert [feature(said, "user_frauds") for said in (early_own, late_own)] == [0, 1]


def eventually_known(market, worker, kind: str, time_ms: int, fields, wanted: int = 1) -> None:
    """Ask with orders of new users until so many frauds are known with the thing they name."""

    def ask():
        n = next(SERIAL)
        (said,) = decide(market, worker, order(f"probe-{n}", f"probe-{n}", time_ms + n, **fields))
        return feature(said, f"{kind}_frauds_30d")

    eventually(ask, wanted)


def frauds(decision) -> list[float | None]:
    """Return the frauds at the device, and whether the seller has a share of them."""
    share = feature(decision, "seller_fraud_share_30d")
    return [feature(decision, "device_frauds_30d"), float(bool(share))]


def test_a_label_that_comes_before_its_event_counts_once_the_event_is_there(running):
    market, worker = running
    at = {"device_id": "d1", "seller_id": "s1"}
    market.tell(
        label_id="l", user_id="victim-1", kind="fraud", is_fraud=True, event_id="bad-1",
        event_time=START_MS, known_at=START_MS + HOUR_MS,
    )  # fmt: skip
    wait(market, worker)
    time.sleep(1)  # the label's link is read before there is an event to it
    decide(market, worker, order("victim-1", "bad-1", START_MS, **at))
    eventually_known(market, worker, "device", START_MS + 2 * HOUR_MS, at)
    (said,) = decide(market, worker, order("last-1", "last-1", START_MS + 3 * HOUR_MS, **at))
    assert frauds(said) == [1, 1]


def test_a_label_that_is_taken_back_counts_no_more_from_then_on(running):
    market, worker = running
    at = {"device_id": "d2", "seller_id": "s2"}
    decide(market, worker, order("victim-2", "bad-2", START_MS, **at))
    for hours, is_fraud in ((1, True), (3, False)):
        market.tell(
            label_id=f"l{hours}", user_id="victim-2", kind="fraud", is_fraud=is_fraud,
            event_id="bad-2", event_time=START_MS, known_at=START_MS + hours * HOUR_MS,
        )  # fmt: skip
        wait(market, worker)
    eventually_known(market, worker, "device", START_MS + 2 * HOUR_MS, at)
    eventually_known(market, worker, "device", START_MS + 4 * HOUR_MS, at, wanted=0)


def test_an_id_that_comes_again_is_decided_once_and_an_old_event_is_flagged_late(running):
    market, worker = running
    decide(
        market, worker,
        order("punctual", "first", START_MS + 9 * HOUR_MS),
        order("punctual", "new", START_MS + 10 * HOUR_MS),
    )  # fmt: skip
    market.give(order("punctual", "new", START_MS + 10 * HOUR_MS, amount=99.0))
    decide(market, worker, order("punctual", "old", START_MS))
    said = {
        event: [(d["late"], feature(d, "amount")) for d in decisions]
        for event, decisions in market.decisions().items()
        if decisions[0]["user_id"] == "punctual"
    }
    assert said == {"first": [(False, 10)], "new": [(False, 10)], "old": [(True, 10)]}
    counters = market.counters()["punctual"]
    assert (counters["n_events"], counters["n_late"], counters["n_duplicates"]) == (3, 1, 1)


def test_every_user_has_a_credit_record_and_only_a_new_one_where_it_moved(running):
    market, worker = running
    events = [order(f"buyer-{i % 3}", f"buyer-{i}", START_MS + i * 1000) for i in range(30)]
    decide(market, worker, *events)
    records = [r for r in market.records("credit.scores") if r["user_id"].startswith("buyer-")]
    assert sorted(r["user_id"] for r in records) == ["buyer-0", "buyer-1", "buyer-2"]
    assert {r["previous_score"] for r in records} == {None}
