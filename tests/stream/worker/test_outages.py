"""Pauses beyond the session timeout and a broker that goes away: still nothing lost or doubled."""

import asyncio
import random
import signal
import time
from typing import Any

import pytest

from stream.worker.processor import SOURCES
from stream.worker.settings import WorkerSettings
from stream.worker.thread import BatchThread
from tests.stream.worker.process import WorkerProcess, main
from tests.stream.worker.shop import Shop

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ASKING = "asking for ends"


def test_a_paused_worker_that_comes_back_as_a_zombie_overwrites_nothing(own_broker, tmp_path):
    shop = Shop(own_broker.bootstrap)
    workers = [
        WorkerProcess(
            shop.settings(
                tmp_path / name, instance="", poll_max_records=100, session_timeout_s=2.0,
                batches_in_flight=4,
            )
        )
        for name in ("one", "two")
    ]  # fmt: skip
    application = workers[0].settings.application
    for worker in workers:
        worker.start()
        worker.wait_until_ready()
    chance = random.Random(3)
    for number in range(6):
        shop.send(6_000, SOURCES, seed=number)
        time.sleep(chance.random() * 0.2)
        paused = workers[number % 2]
        paused.signal(signal.SIGSTOP)
        shop.send(3_000, SOURCES, seed=100 + number)
        time.sleep(3.5)  # beyond the session timeout: the other worker takes over
        paused.signal(signal.SIGCONT)
        time.sleep(1.0)
    for worker in workers:
        if not worker.alive():  # it may stop instead of going on; its supervisor starts it again
            worker.start()
    shop.wait_until_done(application, workers[0], 90)
    for worker in workers:
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    fresh = WorkerProcess(shop.settings(tmp_path / "fresh"))
    shop.send(2_000, SOURCES, seed=999)
    fresh.start()
    shop.wait_until_done(application, fresh)
    assert fresh.stop() == 0
    said = shop.outputs()
    assert len(said) == shop.n_sent.total()
    assert shop.states(application) == dict(shop.expected), "what compaction keeps"
    states = shop.recovered_states(tmp_path / "fresh", application)
    assert states == dict(shop.expected)


def test_a_stop_in_the_middle_of_a_rebalance_ends_the_worker(own_broker, tmp_path):
    shop = Shop(own_broker.bootstrap)
    shop.send(1_000, SOURCES)
    worker = SlowlyAnswered(shop.settings(tmp_path / "one", instance=""))
    other = WorkerProcess(shop.settings(tmp_path / "two", instance=""))
    worker.start()
    worker.wait_until_ready()
    n_before = worker.new_log().count(ASKING)
    other.start()
    worker.wait_until_logged(ASKING, n=n_before + 1)
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    shop.wait_until_done(worker.settings.application, other)
    assert other.stop() == 0


class SlowlyAnswered(WorkerProcess):
    """Waits a second for what a rebalance asks the broker."""

    def __init__(self, settings: WorkerSettings) -> None:
        super().__init__(settings)
        self._main = slowly_answered


def slowly_answered(*arguments: Any) -> None:
    """Run a counting worker as `tests.stream.worker.process.main` does."""
    ask = BatchThread._highwaters

    async def ask_slowly(thread: BatchThread, partitions: Any) -> Any:
        print(ASKING, flush=True)
        await asyncio.sleep(1)
        return await ask(thread, partitions)

    BatchThread._highwaters = ask_slowly
    main(*arguments)


def test_a_broker_that_is_killed_and_comes_back_costs_no_event(own_broker, tmp_path):
    shop = Shop(own_broker.bootstrap)
    worker = WorkerProcess(shop.settings(tmp_path / "one", poll_max_records=200))
    application = worker.settings.application
    worker.start()
    worker.wait_until_ready()
    for number in range(2):
        shop.send(10_000, SOURCES, seed=number)
        time.sleep(0.3)
        own_broker.kill()
        time.sleep(2)
        own_broker.start()
        if not worker.alive():
            worker.start()
    time.sleep(2)
    if not worker.alive():
        worker.start()
    shop.send(5_000, SOURCES, seed=9)
    deadline = time.monotonic() + 120
    while shop.lag(application):
        assert time.monotonic() < deadline, worker.tail()
        if not worker.alive():
            worker.start()
        time.sleep(0.2)
    worker.signal(signal.SIGTERM)
    assert worker.wait(60) in {0, 70}
    assert len(shop.outputs()) == shop.n_sent.total()
    assert shop.states(application) == dict(shop.expected)
