"""How far a worker was at which moment, so that a benchmark can measure a part of its life."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stream.worker.stages import Stages

INTERVAL_S = 0.05
LIMIT = 2_000


@dataclass(frozen=True)
class Sample:
    """One reading: ``at_s`` on the monotonic clock, ``cpu_s`` of the process, counts, stages."""

    at_s: float
    cpu_s: float
    counts: Mapping[str, int]
    stages_cpu_s: Mapping[str, float]


class Samples:
    """Readings taken after acknowledged batches; the newest is always kept.

    The others lie at least ``interval_s`` apart, which doubles whenever there are LIMIT of them.
    """

    def __init__(self, stages: Stages, interval_s: float = INTERVAL_S) -> None:
        self._stages, self._interval_s = stages, interval_s
        self._kept: list[Sample] = []
        self._newest: Sample | None = None

    def take(self, counts: Mapping[str, int]) -> None:
        """Read the clocks; ``counts`` is what has been acknowledged by now."""
        stages = self._stages.seconds()
        self._newest = Sample(time.monotonic(), self._stages.total(), dict(counts), stages)
        if not self._kept or self._newest.at_s - self._kept[-1].at_s >= self._interval_s:
            self._kept.append(self._newest)
        if len(self._kept) >= LIMIT:
            self._kept, self._interval_s = self._kept[::2], self._interval_s * 2

    def facts(self) -> list[dict[str, Any]]:
        """Return the readings in order, as JSON takes them."""
        found = [*self._kept]
        if self._newest is not None and self._newest is not found[-1]:
            found.append(self._newest)
        return [vars(sample) for sample in found]
