"""A scorer that raises, and one that hangs: the worker ends before it acknowledges anything."""

import time

import pytest

from tests.chaos.load import KINDS, wait_for
from tests.chaos.scorers import FaultyWorker
from tests.chaos.watch import Watch, alive, finish
from tests.stream.worker.market import Market, traffic

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.quick]


def decide_some(market: Market, worker: FaultyWorker) -> None:
    """Let the worker decide a first thousand events, all committed."""
    market.give(*traffic(1_000, ["order"], seed=1))
    worker.start()
    wait_for(lambda: not market.lag(market.application), alive(worker), 240)


def test_an_exception_in_scoring(market, tmp_path, judge):
    worker = FaultyWorker(market.settings(tmp_path))
    decide_some(market, worker)
    n_decided = market.n_outputs()
    worker.fault.write_text("fail")
    watch = Watch(market)
    market.give(*traffic(1_000, ["order"], seed=2))
    for _ in range(3):  # a restart alone does not help, and does no harm
        assert worker.wait() == 70
        last = worker.new_log().splitlines()[-1]
        assert last.startswith("The worker stopped: a batch of ")
        assert last.endswith("failed: the matrix is not what it was")
        assert market.n_outputs() == n_decided
        assert market.lag(market.application) == 1_000
        worker.start()
    assert worker.wait() == 70
    worker.fault.unlink()
    watch = Watch(market)
    worker.start()
    seconds = watch.seconds(alive(worker))
    finish(market, alive(worker), worker)
    assert {len(decisions) for decisions in market.decisions().values()} == {1}
    judge(market, "scoring raises an exception",
          "the worker ends with 70 and the exception's words, before any output of the batch; "
          "counted from the start with the fault mended", 4, [seconds])  # fmt: skip


def test_a_scorer_that_hangs(market, tmp_path, judge):
    worker = FaultyWorker(market.settings(tmp_path, watchdog_s=3.0))
    decide_some(market, worker)
    worker.fault.write_text("600")
    watch = Watch(market)
    market.give(*traffic(1_000, ["order"], seed=2))
    began = time.monotonic()
    assert worker.wait(30) == 75
    assert time.monotonic() - began > 2.5
    assert "is behind and has made no progress for 3 s" in worker.new_log()
    assert "in score" in worker.new_log(), "the stacks show where it hangs"
    assert market.lag(market.application) == 1_000
    worker.fault.unlink()
    worker.start()
    seconds = watch.seconds(alive(worker))
    finish(market, alive(worker), worker)
    judge(market, "scoring hangs (watchdog set to 3 s, default 60)",
          "the watchdog ends the worker with 75 and shows where each thread stands", 1,
          [seconds])  # fmt: skip


def test_a_scorer_that_is_slow_is_left_alone(market, tmp_path):
    worker = FaultyWorker(market.settings(tmp_path, watchdog_s=5.0))
    decide_some(market, worker)
    worker.fault.write_text("1.5")
    began = time.monotonic()
    for part in range(4):  # what comes at once is scored at once
        market.give(*traffic(100, KINDS, seed=2 + part))
        wait_for(lambda n=1_100 + 100 * part: market.n_outputs() == n, alive(worker), 60)
    assert time.monotonic() - began > 5.5, "longer in all than the watchdog waits for progress"
    worker.fault.unlink()
    finish(market, alive(worker), worker)
