"""Workers that join, leave, are killed and are paused while events keep coming."""

import random
import signal
import time

import pytest

from tests.chaos.load import Load, wait_for
from tests.chaos.watch import Watch, alive, finish, supervised
from tests.stream.worker.market import Market
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.verdict import problems

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.chaos]

SESSION_S = 2.0
N_ACTIONS = 14
N_PAUSES = 10


@pytest.fixture
def wide(kafka):
    """Topics of six partitions, so that each of three workers has two."""
    yield Market(kafka, partitions=6)
    WorkerProcess.kill_all()


def workers_of(market: Market, folder, names, **changes) -> list[WorkerProcess]:
    """Return workers without static names: the group notices when one leaves or falls silent."""
    options = {"instance": "", "session_timeout_s": SESSION_S, "poll_max_records": 200} | changes
    return [market.worker(folder / name, **options) for name in names]


def come_and_go(market: Market, workers: list[WorkerProcess], chance: random.Random) -> list[float]:
    """Start, stop or kill a random worker, time and again; return the seconds of ends only."""
    seconds = []
    for number in range(N_ACTIONS):
        at_work = [worker for worker in workers if worker.alive()]
        away = [worker for worker in workers if not worker.alive()]
        watch = Watch(market)
        if away and (len(at_work) == 1 or chance.random() < 0.5):
            worker = chance.choice(away)
            worker.start()
            worker.wait_until_ready()
            watch.seconds(alive(*at_work, worker))
        else:
            worker = chance.choice(at_work)
            if number % 2:
                worker.kill()
            else:
                worker.signal(signal.SIGTERM)
            seconds.append(watch.seconds(alive(*(other for other in at_work if other != worker))))
            assert worker.wait() in {0, -signal.SIGKILL}
        time.sleep(chance.random())
    return seconds


def test_three_workers_join_leave_and_are_killed(wide, tmp_path, judge):
    workers = workers_of(wide, tmp_path, ("one", "two", "three"))
    chance = random.Random(4)
    with Load(wide, 1_000):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait_until_ready(240)
        seconds = come_and_go(wide, workers, chance)
    at_work = [worker for worker in workers if worker.alive()]
    finish(wide, alive(*at_work), *at_work)
    judge(wide, f"two and three workers: one joins, leaves or is killed (session {SESSION_S:g} s)",
          "the group shares the partitions anew; who gets one fills its store from the changelog",
          N_ACTIONS, seconds)  # fmt: skip


def pause(market: Market, workers: list[WorkerProcess], n_pauses: int) -> list[float]:
    """Stop one of the workers in its tracks for longer than the session, then let it go on."""
    chance = random.Random(7)
    seconds = []
    keep = supervised(*workers)
    for number in range(n_pauses):
        time.sleep(0.5 + chance.random())
        paused, other = workers[number % 2], workers[(number + 1) % 2]
        n_ready = other.new_log().count("Worker ready")
        paused.signal(signal.SIGSTOP)
        watch = Watch(market)
        seconds.append(watch.seconds(alive(other)))  # the other has taken everything over
        assert other.new_log().count("Worker ready") > n_ready
        time.sleep(chance.random())
        paused.signal(signal.SIGCONT)
        time.sleep(0.3)
        keep()
        Watch(market).seconds(keep)
    return seconds


def test_ten_pauses_beyond_the_session_timeout(market, tmp_path, judge):
    workers = workers_of(market, tmp_path, ("one", "two"), poll_max_records=100,
                         batches_in_flight=4)  # fmt: skip
    with Load(market, 1_500):
        for worker in workers:
            worker.start()
            worker.wait_until_ready(240)
        wait_for(lambda: market.n_outputs() > 2_000, alive(*workers), 60)
        seconds = pause(market, workers, N_PAUSES)
    finish(market, supervised(*workers))
    for worker in workers:  # a stop in the middle of a rebalance may hang until the watch over it
        worker.signal(signal.SIGTERM)
        assert worker.wait(60) in {0, 75}
    (fresh,) = workers_of(market, tmp_path, ("fresh",))
    fresh.start()  # from the changelog alone, in which it mends what the paused ones overwrote
    fresh.wait_until_ready()
    finish(market, alive(fresh), fresh)
    judge(market, f"a worker is paused beyond the session timeout ({SESSION_S:g} s), then goes on",
          "the other takes over; what the paused one had begun is outweighed by its successor's",
          N_PAUSES, seconds)  # fmt: skip


def test_kills_in_a_group_with_the_guard_switched_off_is_found_out(market, tmp_path):
    workers = workers_of(market, tmp_path, ("one", "two"), applied_guard=False)
    with Load(market, 1_500):
        for worker in workers:
            worker.start()
            worker.wait_until_ready(240)
        wait_for(lambda: market.n_outputs() > 2_000, alive(*workers), 60)
        for number in range(8):  # a kill just behind a commit repeats nothing
            workers[number % 2].kill()
            watch = Watch(market)
            workers[number % 2].start()
            watch.seconds(alive(*workers))
    finish(market, alive(*workers), *workers)
    assert "events applied again" in " ".join(problems(market))
