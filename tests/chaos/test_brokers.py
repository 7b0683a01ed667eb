"""The broker is killed and started again under load."""

import signal
import time

import pytest

from tests.chaos.load import KINDS, Load, wait_for
from tests.chaos.watch import DeadBroker, Watch, alive, finish, supervised
from tests.stream.worker.market import Market, traffic

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.chaos]

AWAY_S = (0.0, 1.0, 3.0, 12.0)
"""How long the broker stays away; the last one is beyond what the worker waits for an answer."""


def outages(market: Market, broker, worker) -> list[float]:
    """Kill the broker and start it again; return the seconds from its being back to decisions."""
    seconds = []
    for away_s in AWAY_S:
        Watch(market).seconds(supervised(worker))
        time.sleep(0.5)
        before = market.output_ends()
        broker.kill()
        time.sleep(away_s)
        broker.start()
        seconds.append(DeadBroker(market, before).seconds(supervised(worker)))
    return seconds


def test_a_broker_that_is_killed_under_load(own_broker, tmp_path, judge):
    market = Market(own_broker.bootstrap)
    worker = market.worker(tmp_path / "one", poll_max_records=200, produce_timeout_s=5.0)
    with Load(market, 1_000, traffic(160_000, KINDS, seed=1)):  # a stop may take 40 s each time
        worker.start()
        worker.wait_until_ready(240)
        seconds = outages(market, own_broker, worker)
    keep = supervised(worker)
    wait_for(lambda: not market.lag(market.application), keep, 120)
    finish(market, keep, worker)
    judge(market, f"kill -9 of the only broker, away for {AWAY_S[0]:g} to {AWAY_S[-1]:g} s",
          "the worker waits, or ends with 70 and is started again; counted from the broker's "
          "return", len(AWAY_S), seconds)  # fmt: skip


def test_a_worker_that_is_stopped_while_the_broker_is_away_ends(own_broker, tmp_path, judge):
    market = Market(own_broker.bootstrap)
    worker = market.worker(tmp_path / "one", poll_max_records=200, produce_timeout_s=5.0,
                           stop_timeout_s=5.0)  # fmt: skip
    with Load(market, 1_000):
        worker.start()
        worker.wait_until_ready(240)
        Watch(market).seconds(alive(worker))
        before = market.output_ends()
        own_broker.kill()
        worker.signal(signal.SIGTERM)
        assert worker.wait(60) in {0, 70, 75}
        own_broker.start()
        watch = DeadBroker(market, before)
        worker.start()
        seconds = watch.seconds(alive(worker))
    finish(market, alive(worker), worker)
    judge(market, "SIGTERM while the broker is away",
          "the worker gives up the running batches after the stop timeout and ends; counted from "
          "the broker's return", 1, [seconds])  # fmt: skip
