"""Kill -9 between each pair of the steps of a batch: what comes again is known beforehand."""

import pytest

from stream.worker.transport import POLLS_IN_FLIGHT
from tests.chaos.dying import STEPS, DyingWorker
from tests.chaos.load import KINDS
from tests.chaos.watch import Watch, alive, finish
from tests.stream.worker.market import PRODUCT, Market, traffic
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.verdict import own_part, problems

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.quick]

N_DEATHS = 4
N_POLL = 100
N_UNFINISHED = POLLS_IN_FLIGHT * N_POLL
"""Records that a worker may have begun: more of them than these are never decided again."""


@pytest.fixture
def narrow(kafka):
    """Topics of one partition: one batch is at work at a time, so the step is everybody's."""
    yield Market(kafka, partitions=1)
    WorkerProcess.kill_all()


def die(market: Market, folder, step: str, kinds, n_deaths: int, **changes) -> list[float]:
    """Let workers die at a step, one after another on the same folder, and one finish."""
    seconds = []
    watch = None
    settings = market.settings(folder, poll_max_records=N_POLL, commit_interval_s=0.1, **changes)
    for number in range(n_deaths):
        market.give(*traffic(1_500, kinds, seed=number))
        n = 1 if step == "committed" else 2 + number  # all may be committed at once
        worker = DyingWorker(settings, PRODUCT, step, n)
        worker.start()
        moved = None if watch is None else watch.seconds_while(worker)
        if moved is not None:
            seconds.append(moved)
        worker.wait_until_dead()
        # One that commits what its changelog has, and dies of that, decides nothing: wait on.
        if watch is None or moved is not None:
            watch = Watch(market)
    market.give(*traffic(500, kinds, seed=n_deaths))
    worker = market.worker(folder, PRODUCT, poll_max_records=N_POLL, **changes)
    worker.start()
    assert watch is not None
    seconds.append(watch.seconds(alive(worker)))
    finish(market, alive(worker), worker)
    return seconds


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_right_after_a_step(narrow, tmp_path, judge, step):
    seconds = die(narrow, tmp_path, step, ["order"], N_DEATHS)
    repeated = [d for d in narrow.decisions().values() if len(d) > 1]
    # What the changelog holds is skipped, and the outputs of the next round may be out by then.
    assert len(repeated) <= N_UNFINISHED * N_DEATHS
    if step == "outputs acked":  # the changelog knows nothing of the batch: it is decided again
        assert repeated
    for first, *others in repeated:
        assert all(own_part(other) == own_part(first) for other in others)
    judge(narrow, f"kill -9 with the batch {step}",
          "what the changelog holds is found in the states and skipped; what had only been "
          "published is decided again, with the same ids", N_DEATHS, seconds)  # fmt: skip


def test_a_kill_after_each_step_with_three_topics_and_four_partitions(market, tmp_path, judge):
    seconds = []
    for number, step in enumerate(STEPS):
        market.give(*traffic(1_500, KINDS, seed=number))
        settings = market.settings(tmp_path, poll_max_records=N_POLL, commit_interval_s=0.1)
        worker = DyingWorker(settings, PRODUCT, step, 1 if step == "committed" else 3)
        worker.start()
        worker.wait_until_dead()
    last = market.worker(tmp_path)
    watch = Watch(market)
    market.give(*traffic(1_500, KINDS, seed=len(STEPS)))
    last.start()
    seconds.append(watch.seconds(alive(last)))
    finish(market, alive(last), last)
    judge(market, "kill -9 after each step in turn, three topics, four partitions",
          "as above, for the batches of all partitions at once", len(STEPS), seconds)  # fmt: skip


def test_without_the_guard_a_kill_after_the_changelog_is_found_out(narrow, tmp_path):
    die(narrow, tmp_path, "changelog acked", ["order"], 2, applied_guard=False)
    (found,) = problems(narrow)
    assert "events applied again" in found  # of so small a batch, all are known by their ids
