"""How long a fault keeps events waiting, and a supervisor that starts workers again."""

import time
from collections.abc import Callable, Collection

from confluent_kafka import KafkaException

from tests.chaos.load import wait_for
from tests.stream.worker.market import Market
from tests.stream.worker.process import WorkerProcess

ENDED = (70, 75)
"""Exit codes after which the page on operations says: restart it."""
SETTLED_S = 0.05
"""What a killed worker had sent has reached the broker's log after this."""


class Watch:
    """Begins at a fault; measures until every partition has decisions again."""

    def __init__(self, market: Market) -> None:
        self._market, self._since = market, time.monotonic()
        time.sleep(SETTLED_S)
        self._before = market.output_ends()

    def seconds(self, keep: Callable[[], None], timeout_s: float = 45) -> float:
        """Wait until each partition has a new decision and return how long it took."""
        wait_for(self._all_moved, keep, timeout_s)
        return time.monotonic() - self._since

    def seconds_while(self, worker: WorkerProcess, timeout_s: float = 45) -> float | None:
        """Return the same, or None where the worker ends before that."""

        def moved_or_over() -> bool:
            over = not worker.alive()  # asked first: what it decided before its end counts
            return self._all_moved() or over

        wait_for(moved_or_over, lambda: None, timeout_s)
        return time.monotonic() - self._since if self._all_moved() else None

    def _all_moved(self) -> bool:
        try:
            now = self._market.output_ends()
        except KafkaException:  # the broker is away
            return False
        return all(now[number] > end for number, end in self._before.items())


class DeadBroker(Watch):
    """The same for a fault of the broker, which cannot be asked then."""

    def __init__(self, market: Market, before: dict[int, int]) -> None:
        self._market, self._since, self._before = market, time.monotonic(), before


def alive(*workers: WorkerProcess) -> Callable[[], None]:
    """Return a check that workers go on running."""

    def keep() -> None:
        for worker in workers:
            assert worker.alive(), worker.tail()

    return keep


def supervised(*workers: WorkerProcess, codes: Collection[int] = ENDED) -> Callable[[], None]:
    """Return a supervisor that starts a worker again which ended with one of the codes."""

    def keep() -> None:
        for worker in workers:
            if not worker.alive():
                assert worker.process is not None
                assert worker.process.exitcode in codes, worker.tail()
                worker.start()

    return keep


def finish(market: Market, keep: Callable[[], None], *workers: WorkerProcess) -> None:
    """Wait until everything is committed, then stop the workers in an orderly way."""
    wait_for(lambda: not market.lag(market.application), keep, 120)
    for worker in workers:
        if worker.alive():
            assert worker.stop() == 0
            assert worker.stats()["offset gaps"] == 0
