"""Kill -9 at any moment of a worker's life: while it starts, recovers, works or commits."""

import random
import shutil
import time

import pytest

from tests.chaos.load import Load
from tests.chaos.watch import Watch, alive, finish
from tests.stream.worker.market import Market
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.verdict import problems

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.chaos]

N_KILLS = 24


def run(market: Market, worker: WorkerProcess, n_kills: int, *, wipe: bool = False) -> list[float]:
    """Kill a worker under load; return the seconds of those kills after which it came back.

    Every third kill falls on a worker that is still starting.
    """
    chance = random.Random(n_kills)
    seconds = []
    with Load(market, 1_000):
        worker.start()
        Watch(market).seconds(alive(worker), 240)  # the first life may have to compile
        for number in range(n_kills):
            early = number % 3 == 2
            time.sleep(chance.random() * (1.5 if early else 0.6))
            worker.kill()
            watch = Watch(market)
            if wipe:
                # A worker that was killed very early may not have made it yet.
                shutil.rmtree(worker.settings.data_dir / worker.settings.application, True)
            worker.start()
            if number % 3 != 1:  # before the early one: it has just been started
                seconds.append(watch.seconds(alive(worker)))
        watch.seconds(alive(worker))
    finish(market, alive(worker), worker)
    return seconds


def test_twenty_four_kills_at_random_moments(market, tmp_path, judge):
    worker = market.worker(tmp_path, poll_max_records=200)
    seconds = run(market, worker, N_KILLS)
    judge(market, "kill -9 at a random moment, every third while it starts",
          "the supervisor starts it again; it reads again what was not committed and skips what "
          "the states have applied", N_KILLS, seconds)  # fmt: skip


def test_the_same_kills_with_the_guard_switched_off_are_found_out(market, tmp_path):
    worker = market.worker(tmp_path, poll_max_records=200, applied_guard=False)
    run(market, worker, 6)
    found = " ".join(problems(market))
    assert "users with wrong counters" in found
    assert "events applied again" in found
    assert "without a decision" not in found


def test_eight_kills_with_the_folder_wiped_each_time(market, tmp_path, judge):
    worker = market.worker(tmp_path, poll_max_records=200, load_from_bytes=1)
    seconds = run(market, worker, 8, wipe=True)
    assert worker.stats()["recovered records"] > 100
    judge(market, "kill -9, and the folder of the local stores is gone",
          "states come back from the changelog, what users share from the links topic, into an "
          "empty folder", 8, seconds)  # fmt: skip
