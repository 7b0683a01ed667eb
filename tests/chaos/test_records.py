"""Records that try to break a worker: poison, one hot user, a user that would grow for ever."""

import random
import time

import pytest

from tests.chaos.load import KINDS, Load, wait_for
from tests.chaos.watch import Watch, alive, finish
from tests.stream.worker.market import START_MS, Market, traffic
from tests.stream.worker.process import WorkerProcess
from tests.topics.malformed import KINDS as POISON
from tests.topics.malformed import RECORD_MS
from topics.consuming import read_topic

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.quick]

MOST_STATE_BYTES = 8_192
MINUTE_MS = 60_000


def kill_often(market: Market, worker: WorkerProcess, n_kills: int, poison=()) -> list[float]:
    """Kill a worker under load, with poison among the good records before each kill."""
    chance = random.Random(3)
    seconds = []
    worker.start()
    Watch(market).seconds(alive(worker), 240)
    for _ in range(n_kills):
        for kind in poison:
            market.put(kind.topic, kind.key, kind.value, RECORD_MS)
        time.sleep(chance.random() * 0.4)
        worker.kill()
        watch = Watch(market)
        worker.start()
        seconds.append(watch.seconds(alive(worker)))
    return seconds


def test_poison_among_good_records_with_kills(market, tmp_path, judge):
    n_kills = 4
    worker = market.worker(tmp_path, poll_max_records=200)
    with Load(market, 1_000):
        seconds = kill_often(market, worker, n_kills, POISON)
    finish(market, alive(worker), worker)
    places = {
        (letter.topic, letter.partition, letter.offset): (letter.topic, letter.key, letter.value)
        for letter in market.letters()
    }
    wanted = [(kind.topic, kind.key, kind.value) for kind in POISON] * n_kills
    for found in places.values():
        wanted.remove(found)
    assert not wanted, "every bad record has its letter, under its own place"
    judge(market, f"{len(POISON)} kinds of bad records between good ones, with kill -9",
          "each becomes a dead letter; the good ones around it are decided", n_kills,
          seconds)  # fmt: skip


def test_a_user_with_a_fifth_of_all_events(market, tmp_path, judge):
    chance = random.Random(5)
    events = traffic(99_000, KINDS, seed=1, n_users=5_000)
    events = [e | {"user_id": "hot"} if chance.random() < 0.2 else e for e in events]
    n_kills = 4
    worker = market.worker(tmp_path, poll_max_records=500)
    with Load(market, 3_000, events):
        seconds = kill_often(market, worker, n_kills)
    finish(market, alive(worker), worker)
    share = market.counters()["hot"]["n_events"] / len(market.events)
    assert 0.18 < share < 0.22
    judge(market, "one user sends a fifth of all events, with kill -9",
          "nothing special: one user's events are applied one after another", n_kills,
          seconds)  # fmt: skip


def greedy(n: int) -> list[dict]:
    """Return events of one user who never names anything twice, over ten months."""
    events = traffic(n, KINDS, seed=1, alone=True)
    for i, event in enumerate(events):
        event |= {
            "user_id": "greedy", "event_time": START_MS - (n - i) * 40 * MINUTE_MS,
            "device_id": f"device-{i}", "ip": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}",
            "session_id": f"session-{i}", "attributes": {f"name-{i}": i},
        }  # fmt: skip
        match event["type"]:
            case "order":
                event |= {
                    "seller_id": f"seller-{i}", "shipping_address_id": f"address-{i}",
                    "payment": {"method": "card", "instrument_id": f"card-{i}"},
                    "items": [{"sku": f"sku-{i}", "category": f"category-{i}", "quantity": 1}],
                }  # fmt: skip
            case "browse":
                event |= {"category": f"category-{i}", "query": f"query {i}"}
            case "review":
                event |= {"seller_id": f"seller-{i}", "text": f"a text of its own, {i}"}
    return events


def state_sizes(market: Market, user: bytes) -> list[int]:
    """Return the bytes of each state of a user in the changelog, in their order."""
    return [
        len(value)
        for taken in read_topic(market.brokers, f"{market.application}.changelog")
        for key, value in zip(taken.keys, taken.values, strict=True)
        if key == user and value
    ]


def test_a_user_whose_state_would_grow_without_bound(market, tmp_path, judge):
    worker = market.worker(tmp_path, poll_max_records=100)
    worker.start()
    events, n_before = greedy(10_000), []
    for half in (events[:5_000], events[5_000:]):
        market.give(*half)
        for event in half[::20]:
            market.tell(
                label_id=f"l{event['event_id']}", user_id="greedy", kind="fraud",
                is_fraud=event["event_id"].endswith("20"),
                event_id=event["event_id"], event_time=event["event_time"],
                known_at=event["event_time"] + MINUTE_MS,
            )  # fmt: skip
        wait_for(lambda: not market.lag(market.application), alive(worker), 120)
        n_before.append(len(state_sizes(market, b"greedy")))
    finish(market, alive(worker), worker)
    sizes = state_sizes(market, b"greedy")
    assert len(sizes) > 60
    assert max(sizes) < MOST_STATE_BYTES
    n = n_before[0]
    assert max(sizes[n:]) <= max(sizes[:n]) + 256, "it goes on growing"
    judge(market, "10,000 events and 500 labels of one user who names nothing twice",
          f"the state keeps the newest of each kind: at most {max(sizes):,} bytes", 1)  # fmt: skip
