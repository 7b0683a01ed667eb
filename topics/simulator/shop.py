"""The whole simulation: everybody lives, then the records are read back in order of time."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import orjson

from topics.simulator.cohort import COHORT_SIZE, cohorts, people
from topics.simulator.config import SimulatorConfig
from topics.simulator.dice import dice
from topics.simulator.fraud import commit
from topics.simulator.ledger import Ledger
from topics.simulator.life import live
from topics.simulator.market import Market
from topics.simulator.places import Networks
from topics.simulator.spool import Record, Spool
from topics.simulator.world import World

Progress = Callable[[int, int], None]
"""Called with the number of users done and of all users."""


class Shop:
    """A simulated shop's records, on disk until closed; use as a context manager.

    ``events``, ``labels`` and ``truth`` yield records in order of time (labels: of when they
    became known) and may be read repeatedly.
    """

    def __init__(self, config: SimulatorConfig, progress: Progress | None = None) -> None:
        self.config = config
        expected = config.expected_events
        start, end = config.start_ms, config.end_ms
        self._events = Spool(start, end, expected)
        self._labels = Spool(start, end, expected // 20)
        self._truth = Spool(start, end, expected // 30)
        try:
            self._generate(progress)
            self._cut_ms = None if config.events is None else self._events.keep(config.events)
        except BaseException:
            self.close()
            raise

    def _generate(self, progress: Progress | None) -> None:
        config = self.config
        ledger = Ledger(config, self._events, self._labels, self._truth)
        world = World(config, Market(config), Networks(config), ledger)
        for cohort in cohorts(config):
            population = people(config, world.networks, cohort)
            commit(world, dice(config.seed, "fraud", cohort), population, first=cohort == 0)
            for n, person in enumerate(population):
                live(world, dice(config.seed, "life", cohort, n), person)
                if progress and n % 128 == 0:
                    progress(cohort * COHORT_SIZE + n, config.users)
        if progress:
            progress(config.users, config.users)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the files on disk."""
        for spool in (self._events, self._labels, self._truth):
            spool.close()

    def events(self) -> Iterator[Record]:
        """Yield all events."""
        return iter(self._events)

    def labels(self) -> Iterator[Record]:
        """Yield all labels."""
        return self._until_the_cut(self._labels)

    def truth(self) -> Iterator[Record]:
        """Yield the truth about every fraudulent event, labelled or not."""
        return self._until_the_cut(self._truth)

    def _until_the_cut(self, spool: Spool) -> Iterator[Record]:
        for record in spool:
            if self._cut_ms is None or orjson.loads(record.value)["event_time"] < self._cut_ms:
                yield record


def simulate(config: SimulatorConfig, progress: Progress | None = None) -> Iterator[Record]:
    """Yield a simulated shop's events in order of time."""
    with Shop(config, progress) as shop:
        yield from shop.events()
