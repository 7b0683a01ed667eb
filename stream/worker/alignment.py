"""Topics read in about the order of their records' times, while a worker is behind.

A user's orders, browsing and reviews lie in partitions of one number. A broker hands out what lies
in each: after an outage, a topic of few records would be read hours before one of many, and reviews
decided before the orders that they are about. So a partition whose records are later than what the
others of its number have come to waits for them. Those of other numbers are not waited for.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from faust.types import TP

WINDOW_MS: Final = 300_000.0
"""How far a partition may get ahead of the others of its number, in time of their records: little
beside the hour after which an event is late, and enough for few and large polls."""

OTHERS_S: Final = 1.0
"""How long after the first of a number the others may still come up."""

SILENT_S: Final = 5.0
"""A partition that has more and is asked in vain for so long, as one without a leader is, is not
waited for."""

HELD_S: Final = 60.0
"""A partition that had to wait for so long goes on: its records' times may be wrong."""


@dataclass
class _Reading:
    """How far a partition has come.

    ``at_ms`` is the time of its next record where that is known, else of the last; ``has_more``
    says whether there is one. ``heard_s`` is when it last gave records or was not asked for any.
    """

    at_ms: float = -1.0
    has_more: bool = False
    heard_s: float = 0.0
    held_since_s: float | None = None


@dataclass
class _Number:
    """The partitions of a number, of which the first was read at ``since_s``."""

    since_s: float
    readings: dict[TP, _Reading] = field(default_factory=dict)


class Alignment:
    """Says up to which time the partitions of each number may be read.

    >>> alignment = Alignment(clock=lambda: 0.0)
    >>> orders, reviews = TP("shop.orders", 0), TP("shop.reviews", 0)
    >>> alignment.note(orders, 5_000, has_more=True)
    >>> alignment.until(reviews, 600_000), alignment.until(orders, 500_000)
    (305000.0, 900000.0)
    >>> alignment.note(orders, 500_000, has_more=False)
    >>> alignment.until(reviews, 600_000)
    900000.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers: dict[int, _Number] = {}

    def until(self, place: TP, next_ms: float) -> float:
        """Return up to which time records may be read, in ms; the next one is of ``next_ms``."""
        now, mine = self._clock(), self._reading(place)
        mine.at_ms, mine.has_more = next_ms, True
        number = self._numbers[place.partition]
        if mine.held_since_s is not None and now > mine.held_since_s + HELD_S:
            return next_ms + WINDOW_MS
        waited_for = [
            reading.at_ms
            for other, reading in number.readings.items()
            if other != place and reading.has_more and now < reading.heard_s + SILENT_S
        ]
        if waited_for:
            return min(waited_for) + WINDOW_MS
        return next_ms + WINDOW_MS if now < number.since_s + OTHERS_S else math.inf

    def note(self, place: TP, newest_ms: float | None, *, has_more: bool) -> None:
        """Take down that records up to ``newest_ms`` were read, and whether there are more.

        None: the records that were to be read have turned out to be none.
        """
        mine = self._reading(place)
        mine.at_ms = mine.at_ms if newest_ms is None else newest_ms
        mine.has_more, mine.heard_s, mine.held_since_s = has_more, self._clock(), None

    def spare(self, are_ready: Callable[[TP], bool]) -> None:
        """Go on waiting for partitions that are not to blame: fetched ones, and those not asked."""
        now = self._clock()
        for number in self._numbers.values():
            for place, reading in number.readings.items():
                if are_ready(place):
                    reading.heard_s = now

    def hold(self, place: TP) -> None:
        """Take down that nothing was read of a partition, because it was ahead."""
        mine = self._reading(place)
        if mine.held_since_s is None:
            mine.held_since_s = self._clock()

    def forget(self) -> None:
        """Begin anew: partitions were assigned, or are read again."""
        self._numbers.clear()

    def _reading(self, place: TP) -> _Reading:
        number = self._numbers.get(place.partition)
        if number is None:
            number = self._numbers[place.partition] = _Number(self._clock())
        return number.readings.setdefault(place, _Reading())
