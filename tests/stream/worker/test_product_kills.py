"""The product under kill -9: every event decided, every counter right, repeats say the same."""

import random
import time

import pytest

from tests.chaos.dying import DyingWorker
from tests.stream.worker.market import PRODUCT, Market, traffic
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.verdict import own_part, problems

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

KINDS = ("order", "browse", "review")
N_BETWEEN = 3
"""Kills between an output and the changelog, where alone something is decided again."""


@pytest.fixture
def market(kafka):
    yield Market(kafka)
    WorkerProcess.kill_all()


def run_with_kills(
    market: Market, worker: WorkerProcess, n_kills: int, kinds, *, alone: bool = False
) -> int:
    """Kill at random moments, then where repeats come from; finish what is left.

    Returns how many of the random kills hit the worker before it had decided all that was there.
    """
    chance = random.Random(11)
    n_early = n_done = 0
    for number in range(n_kills):
        market.give(*traffic(5_000, kinds, seed=number, alone=alone))
        worker.start()
        deadline = time.monotonic() + 240  # the first life may have to compile
        while market.n_outputs() < n_done + 100:  # the kill has to fall into the work
            assert worker.alive(), worker.tail()
            assert time.monotonic() < deadline, worker.tail()
            time.sleep(0.01)
        time.sleep(chance.random() * 0.25)
        worker.kill()
        n_done = market.n_outputs()
        n_early += n_done < len(market.events)
    for number in range(N_BETWEEN):
        market.give(*traffic(2_000, kinds, seed=n_kills + number, alone=alone))
        dying = DyingWorker(worker.settings, PRODUCT, "outputs acked", 2 + number)
        dying.start()
        dying.wait_until_dead()
    worker.start()
    market.wait_until_done(market.application, worker)
    assert worker.stop() == 0
    assert worker.stats()["offset gaps"] == 0
    return n_early


def repeats(market: Market) -> list[list[dict]]:
    repeated = [d for d in market.decisions().values() if len(d) > 1]
    assert len(repeated) > 100, "no kill fell between an output and its commit: nothing is shown"
    return repeated


def test_ten_kills_leave_every_event_decided_and_every_counter_right(market, tmp_path):
    worker = market.worker(tmp_path, poll_max_records=200)
    assert run_with_kills(market, worker, 10, ["order"]) >= 5, "the kills came too late"
    assert not problems(market)
    for first, *others in repeats(market):
        assert all(own_part(other) == own_part(first) for other in others)


def test_repeats_say_the_same_in_every_field_where_users_share_nothing(market, tmp_path):
    worker = market.worker(tmp_path, poll_max_records=200)
    run_with_kills(market, worker, 4, ["order"], alone=True)
    assert not problems(market)
    for first, *others in repeats(market):
        for other in others:
            assert first.keys() == other.keys()
            for name in first.keys() - {"decided_at_ms", "latency_ms"}:
                assert other[name] == first[name], name


def test_ten_kills_with_three_topics_at_once_leave_every_counter_right(market, tmp_path):
    worker = market.worker(tmp_path, poll_max_records=200)
    assert run_with_kills(market, worker, 10, KINDS) >= 5, "the kills came too late"
    assert not problems(market)
    for first, *others in repeats(market):
        assert {other["decision_id"] for other in others} == {first["decision_id"]}


def test_without_the_guard_the_same_kills_are_found_out(market, tmp_path):
    worker = market.worker(tmp_path, poll_max_records=200, applied_guard=False)
    run_with_kills(market, worker, 4, ["order"])
    found = " ".join(problems(market))
    assert "users with wrong counters" in found
    assert "events applied again" in found
    assert "without a decision" not in found
