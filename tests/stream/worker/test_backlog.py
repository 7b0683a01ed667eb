"""A worker that was away decides what has piled up in about the order in which it came."""

from collections import defaultdict
from itertools import accumulate

import orjson
import pytest

from stream.worker.alignment import WINDOW_MS
from tests.stream.worker.market import TOPIC_OF, Market, traffic
from tests.stream.worker.process import WorkerProcess
from topics.consuming import read_topic

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

KINDS = ["browse"] * 16 + ["order"] * 8 + ["review"]
N_EVENTS = 30_000
"""A second apart: eight hours."""


@pytest.fixture
def market(kafka):
    yield Market(kafka, partitions=2)
    WorkerProcess.kill_all()


def test_a_backlog_is_decided_in_about_the_order_of_its_times(market, tmp_path):
    for event in traffic(N_EVENTS, KINDS, seed=1, alone=True):
        key, value = event["user_id"].encode(), orjson.dumps(event)
        market.put(TOPIC_OF[event["type"]], key, value, event["event_time"])
        market.events.append(event)
    market.flush()
    worker = market.worker(tmp_path / "worker", poll_max_records=1_000)
    worker.start()
    market.wait_until_done(market.application, worker, 240)
    assert worker.stop() == 0
    decided = decided_times(market)
    assert sum(map(len, decided.values())) == N_EVENTS
    for times_ms in decided.values():
        before = [
            reached_ms - time_ms
            for time_ms, reached_ms in zip(times_ms, accumulate(times_ms, max), strict=True)
        ]
        assert max(before) < 3 * WINDOW_MS


def decided_times(market: Market) -> dict[int, list[int]]:
    """Return the times of the events in the order of their decisions, by partition."""
    time_of = {event["event_id"]: event["event_time"] for event in market.events}
    found = defaultdict(list)
    for taken in read_topic(market.brokers, f"{market.prefix}risk.decisions"):
        for number, value in zip(taken.partitions, taken.values, strict=True):
            found[number].append(time_of[orjson.loads(value)["event_id"]])
    return found
