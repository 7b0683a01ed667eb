"""Degraded events in the order in which they were decided, until they are decided again."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Final

from stream.worker.processor import Again
from stream.worker.producer import Built, Producer

log: Final = logging.getLogger(__name__)

MOST_WAITING: Final = 50_000
"""Events that may wait, at about two kilobytes each; later ones keep their first decision."""

PAUSE_S: Final = 0.5
SHORTEST_PAUSE_S: Final = 0.02

PAUSES: Final = 1.0
PAUSES_BEHIND: Final = 4.0
"""Pauses between two steps, in times of what a step took; the latter while the worker is behind."""


class AgainQueue:
    """Decides again what was done, a little at a time.

    It takes at most half the time, and a fifth while the worker is ``behind`` the events: those
    that nobody has decided come first. Only batches that are acknowledged may be put in: a first
    decision has to stand on its topic before the second. What waits when the worker ends keeps its
    first decision.
    """

    def __init__(
        self,
        producer: Producer,
        compute: Executor,
        n_partitions: int,
        count: Callable[[Mapping[str, int]], None],
        behind: Callable[[], bool],
    ) -> None:
        self._producer, self._compute = producer, compute
        self._n_partitions, self._count, self._behind = n_partitions, count, behind
        self._queue: deque[Again] = deque()

    def __len__(self) -> int:
        return sum(map(len, self._queue))

    def put(self, again: Again) -> None:
        """Take the degraded events of batches."""
        if len(self) + len(again) > MOST_WAITING:
            self._count({"not decided again": len(again)})
            log.warning("%d degraded events are not decided again: as many wait as may", len(again))
            return
        self._queue.append(again)

    async def run(self) -> None:
        """Work until cancelled. Raises KafkaError where the broker does not take the records."""
        loop = asyncio.get_running_loop()
        pause_s = PAUSE_S
        try:
            while True:
                await asyncio.sleep(pause_s)
                pause_s = PAUSE_S
                if self._queue:
                    began = time.monotonic()
                    again = self._queue[0]
                    if not await loop.run_in_executor(None, again.prepare):
                        pause_s = self._pause_after(began)
                        continue
                    before = len(again)
                    built = await loop.run_in_executor(self._compute, self._turn, again)
                    await self._producer.send(built)
                    if len(again) < before:
                        self._count({"decided again": before - len(again)})
                        pause_s = self._pause_after(began)
                    if not len(again):
                        self._queue.popleft()
        finally:
            if self._queue:
                log.warning("%d degraded events keep their first decision", len(self))

    def _pause_after(self, began: float) -> float:
        times = PAUSES_BEHIND if self._behind() else PAUSES
        return max(SHORTEST_PAUSE_S, times * (time.monotonic() - began))

    def _turn(self, again: Again) -> list[Built]:
        now_ms, n = time.time_ns() // 1_000_000, self._n_partitions
        return [
            built
            for out in again.decide()
            for built in self._producer.build_keyed(
                out.topic, out.partitions, out.keys, out.values, now_ms, n
            )
        ]
