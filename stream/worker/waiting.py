"""Batches that wait to be computed, and which of them are worked on together."""

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from faust.types import TP

ENOUGH: Final = 3_000
"""Records of a round beyond which no further batch joins it: what a round costs besides its
records is small by then, and it can be acknowledged while the next one is computed."""

MOST: Final = 5_000
"""Records of a round that a further batch must not exceed: what a round needs while it is computed
is the largest part of a worker's memory. A batch that is larger by itself is a round of its own."""

Arrived = tuple[Any, float]
"""A message whose value is a batch, and when it came."""


class Waiting:
    """Messages by partition, those of one in their order; ``is_label`` tells labels from events."""

    def __init__(self, is_label: Callable[[Any], bool]) -> None:
        self._is_label = is_label
        self._by_partition: dict[int, deque[Arrived]] = {}
        self._n_queued: Counter[TP] = Counter()

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self._by_partition)

    def put(self, message: Any) -> None:
        """Take a message that has come now."""
        self._by_partition.setdefault(message.partition, deque()).append(
            (message, time.monotonic())
        )
        self._n_queued[message.tp] += len(message.value.offsets)

    def n_queued(self, tp: TP) -> int:
        """Return how many records of a topic partition wait."""
        return self._n_queued[tp]

    def clear(self) -> None:
        """Forget all."""
        self._by_partition.clear()
        self._n_queued.clear()

    def choose(self) -> list[Arrived]:
        """Take what the next round shall work on: events, or labels."""
        chosen: list[Arrived] = []
        passed_over: dict[int, deque[Arrived]] = {}
        n, labels = 0, None
        for partition in list(self._by_partition):
            if n >= ENOUGH:
                break
            waiting, n_before = self._by_partition.pop(partition), n
            while waiting and n < ENOUGH:
                message, _ = waiting[0]
                is_label, size = self._is_label(message), len(message.value.offsets)
                if labels not in {None, is_label} or (chosen and n + size > MOST):
                    break
                labels = is_label
                n += size
                self._n_queued[message.tp] -= size
                chosen.append(waiting.popleft())
            if waiting and n == n_before:
                passed_over[partition] = waiting
            elif waiting:
                self._by_partition[partition] = waiting  # behind the others, whose turn is first
        self._by_partition = passed_over | self._by_partition
        return chosen
