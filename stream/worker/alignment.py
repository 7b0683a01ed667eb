"""Topics read in about the order of their records' times, while a worker is behind.

A user's orders, browsing and reviews lie in partitions of one number. A broker hands out what lies
in each: after an outage, a topic of few records would be read hours before one of many, and reviews
decided before the orders that they are about. So a partition whose records are later than what the
others of its number have come to waits for them. Those of other numbers are not waited for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

WINDOW_MS: Final = 60_000.0
"""How far the partitions of a number may be apart, in time of their records. Small beside the hour
after which an event is late, and long enough for a busy shop to fill rounds."""

SILENT_S: Final = 5.0
"""A partition that has more and gives nothing for so long, as one without a leader does, is not
waited for."""

HELD_S: Final = 60.0
"""A partition that had to wait for so long goes on: its records' times may be wrong."""


class Place(Protocol):
    """A partition of a topic."""

    @property
    def topic(self) -> str:
        """The topic's name."""

    @property
    def partition(self) -> int:
        """The partition's number."""


@dataclass
class _Reading:
    """How far a partition has come.

    ``at_ms`` is the time of its next record where that is known, else of the last; ``has_more``
    says whether there is one, as of ``heard_s``.
    """

    at_ms: float = -1.0
    has_more: bool = False
    heard_s: float = 0.0
    held_since_s: float | None = None


class Alignment:
    """Says up to which time the partitions of each number may be read.

    >>> from faust.types import TP
    >>> alignment = Alignment(clock=lambda: 0.0)
    >>> orders, reviews = TP("shop.orders", 0), TP("shop.reviews", 0)
    >>> alignment.note(orders, 5_000, has_more=True)
    >>> alignment.until(reviews, 90_000), alignment.until(orders, 70_000)
    (65000.0, 130000.0)
    >>> alignment.note(orders, 70_000, has_more=False)
    >>> alignment.until(reviews, 90_000)
    150000.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers: dict[int, dict[str, _Reading]] = {}

    def until(self, place: Place, next_ms: float) -> float:
        """Return up to which time records may be read, in ms; the next one is of ``next_ms``."""
        now = self._clock()
        mine = self._reading(place)
        mine.at_ms = max(mine.at_ms, next_ms)
        if mine.held_since_s is not None and now > mine.held_since_s + HELD_S:
            return next_ms + WINDOW_MS
        waited_for = [
            reading.at_ms
            for topic, reading in self._numbers[place.partition].items()
            if topic != place.topic and reading.has_more and now < reading.heard_s + SILENT_S
        ]
        return min([next_ms, *waited_for]) + WINDOW_MS

    def note(self, place: Place, newest_ms: float, *, has_more: bool) -> None:
        """Take down that records up to ``newest_ms`` were read, and whether there are more."""
        mine = self._reading(place)
        mine.at_ms = max(mine.at_ms, newest_ms)
        mine.has_more, mine.heard_s, mine.held_since_s = has_more, self._clock(), None

    def hold(self, place: Place) -> None:
        """Take down that nothing was read of a partition, because it was ahead."""
        mine = self._reading(place)
        if mine.held_since_s is None:
            mine.held_since_s = self._clock()

    def forget(self) -> None:
        """Begin anew: partitions were assigned, or are read again."""
        self._numbers.clear()

    def _reading(self, place: Place) -> _Reading:
        return self._numbers.setdefault(place.partition, {}).setdefault(place.topic, _Reading())
