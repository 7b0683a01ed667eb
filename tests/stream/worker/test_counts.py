"""A worker on a real broker: every event once, whatever happens to the process."""

import random
import time

import pytest

from stream.worker.processor import SOURCES
from tests.chaos.dying import DyingWorker
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop

pytestmark = pytest.mark.kafka


def wait_for_outputs(shop: Shop, n: int, worker: WorkerProcess, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while shop.n_outputs() < n:
        assert worker.alive(), worker.tail()
        assert time.monotonic() < deadline, worker.tail()
        time.sleep(0.01)


def assert_exact(shop: Shop, application: str) -> None:
    said = shop.outputs()
    assert len(said) == shop.n_sent.total(), "every event has an output"
    assert shop.states(application) == dict(shop.expected)


def test_every_event_has_one_output_and_every_user_the_right_counts(shop, tmp_path):
    shop.send(20_000, SOURCES)
    worker = WorkerProcess(shop.settings(tmp_path))
    worker.start()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0
    assert_exact(shop, worker.settings.application)
    assert {len(counts) for counts in shop.outputs().values()} == {1}
    stats = worker.stats()
    assert (stats["events"], stats["offset gaps"], stats["failure"]) == (20_000, 0, "")


def test_ten_kills_lose_nothing_and_count_nothing_twice(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path, poll_max_records=200))
    run_with_kills(shop, worker, 10, SOURCES[:1], "outputs acked")
    assert_exact(shop, worker.settings.application)
    said = shop.outputs()
    repeated = [counts for counts in said.values() if len(counts) > 1]
    assert len(repeated) > 100, "no kill fell between an output and its changelog"
    assert all(len(set(counts)) == 1 for counts in repeated), "a repeat says the same"


def test_ten_kills_with_four_topics_at_once_lose_nothing(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path, poll_max_records=200))
    run_with_kills(shop, worker, 10, SOURCES, "outputs acked")
    assert_exact(shop, worker.settings.application)


def test_without_the_guard_the_same_kills_count_twice(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path, poll_max_records=200, applied_guard=False))
    run_with_kills(shop, worker, 1, SOURCES[:1], "changelog acked")
    found = shop.states(worker.settings.application)
    assert sum(counts[0] for counts in found.values()) > shop.n_sent.total()


def run_with_kills(shop: Shop, worker: WorkerProcess, n_kills: int, topics, step: str) -> None:
    """Kill at random moments, then three times right after ``step``; finish what is left."""
    chance = random.Random(5)
    application = worker.settings.application
    n_done = 0
    for number in range(n_kills):
        shop.send(6_000, topics, seed=number)
        worker.start()
        # Wait for some output of this life, so that the kill falls into the work.
        wait_for_outputs(shop, n_done + 200, worker)
        time.sleep(chance.random() * 0.15)
        worker.kill()
        n_done = shop.n_outputs()
    for number in range(3):
        shop.send(2_000, topics, seed=n_kills + number)
        dying = DyingWorker(worker.settings, None, step, 2 + number)
        dying.start()
        dying.wait_until_dead()
    worker.start()
    shop.wait_until_done(application, worker)
    assert worker.stop() == 0
    assert worker.stats()["offset gaps"] == 0


def test_a_stop_commits_and_a_restart_repeats_nothing(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path, poll_max_records=500))
    for number in range(2):
        shop.send(20_000, seed=number)
        worker.start()
        wait_for_outputs(shop, number * 20_000 + 2_000, worker)
        assert worker.stop() == 0
    worker.start()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0
    assert_exact(shop, worker.settings.application)
    assert {len(counts) for counts in shop.outputs().values()} == {1}


def test_the_states_come_back_from_the_changelog_into_an_empty_folder(shop, tmp_path):
    first = WorkerProcess(shop.settings(tmp_path / "first"))
    shop.send(10_000, SOURCES)
    first.start()
    shop.wait_until_done(first.settings.application, first)
    assert first.stop() == 0
    second = WorkerProcess(shop.settings(tmp_path / "second"))
    shop.send(10_000, SOURCES, seed=1)
    second.start()
    shop.wait_until_done(second.settings.application, second)
    assert second.stop() == 0
    assert second.stats()["recovered records"] > 0
    assert_exact(shop, second.settings.application)


def test_a_restart_on_its_own_folder_recovers_only_what_is_missing(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path))
    shop.send(10_000)
    worker.start()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0
    shop.send(100, seed=1)
    worker.start()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0
    assert worker.stats()["recovered records"] == 0
    assert_exact(shop, worker.settings.application)


def test_two_workers_that_join_and_leave_count_every_event_once(shop, tmp_path):
    workers = [
        WorkerProcess(shop.settings(tmp_path / name, instance=name, poll_max_records=200))
        for name in ("one", "two")
    ]
    application = workers[0].settings.application
    shop.send(10_000, SOURCES)
    workers[0].start()
    wait_for_outputs(shop, 500, workers[0])
    workers[1].start()
    for number in range(5):
        shop.send(6_000, SOURCES, seed=number + 1)
        time.sleep(0.6)
    assert workers[0].stop() == 0
    shop.send(6_000, SOURCES, seed=9)
    workers[0].start()
    time.sleep(1.5)
    workers[1].kill()
    shop.send(6_000, SOURCES, seed=10)
    shop.wait_until_done(application, workers[0])
    assert workers[0].stop() == 0
    assert_exact(shop, application)
    assert workers[0].stats()["offset gaps"] == 0
