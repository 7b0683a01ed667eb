"""Topics read in about the order of their records' times, while a worker is behind.

A user's orders, browsing and reviews lie in partitions of one number. A broker hands out what lies
in each: after an outage, a topic of few records would be read hours before one of many, and reviews
decided before the orders that they are about. So a partition whose records are later than what the
others of its number have come to waits for them. Those of other numbers are not waited for. Labels
take no part: they may come long after their events, and count whenever they come.
"""

import math
import time
from collections import deque
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
"""A partition that had to wait for so long goes on: somebody's records' times may be wrong. It does
not wait again for those behind it before they have kept up with it for as long."""

FALLS: Final = 3
"""A partition whose times went back so often within `HELD_S`, as where old records are filled in
between new ones, is not waited for."""


@dataclass
class _Reading:
    """How far a partition has come.

    ``at_ms`` is the time of its next record where that is known, else of the last; ``has_more``
    says whether there is one. ``heard_s`` is when it last gave records or was not asked for any.
    ``released`` are those that it waits for no more, and when they were last seen behind it;
    ``falls`` are the last times at which it went back by more than the window.
    """

    at_ms: float = -1.0
    has_more: bool = False
    heard_s: float = 0.0
    held_since_s: float | None = None
    released: dict[TP, float] = field(default_factory=dict)
    falls: deque[float] = field(default_factory=lambda: deque(maxlen=FALLS))

    def come_to(self, at_ms: float, now_s: float) -> None:
        """Take down a time, as that of its next or last record."""
        if at_ms < self.at_ms - WINDOW_MS:
            self.falls.append(now_s)
        self.at_ms = at_ms

    def is_waited_for(self, now_s: float) -> bool:
        """Tell whether it has more that may come soon, and in the order of its times."""
        is_mixed = len(self.falls) == FALLS and now_s < self.falls[0] + HELD_S
        return self.has_more and now_s < self.heard_s + SILENT_S and not is_mixed


@dataclass
class _Number:
    """The partitions of a number, of which the first was read at ``since_s``."""

    since_s: float
    readings: dict[TP, _Reading] = field(default_factory=dict)


class Alignment:
    """Says up to which time the partitions of each number may be read; all of those of ``apart``.

    >>> alignment = Alignment(clock=lambda: 0.0)
    >>> orders, reviews = TP("shop.orders", 0), TP("shop.reviews", 0)
    >>> alignment.note(orders, 5_000, has_more=True)
    >>> alignment.until(reviews, 600_000), alignment.until(orders, 500_000)
    (305000.0, 900000.0)
    >>> alignment.note(orders, 500_000, has_more=False)
    >>> alignment.until(reviews, 600_000)
    900000.0
    """

    def __init__(self, apart: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._apart, self._clock = apart, clock
        self._numbers: dict[int, _Number] = {}

    def until(self, place: TP, next_ms: float) -> float:
        """Return up to which time records may be read, in ms; the next one is of ``next_ms``."""
        if place.topic == self._apart:
            return math.inf
        now, mine = self._clock(), self._reading(place)
        mine.come_to(next_ms, now)
        mine.has_more = True
        number = self._numbers[place.partition]
        too_long = mine.held_since_s is not None and now > mine.held_since_s + HELD_S
        waited_for = []
        for other, reading in number.readings.items():
            is_waited_for = other != place and reading.is_waited_for(now)
            if reading.at_ms + WINDOW_MS < next_ms:
                if other in mine.released or (too_long and is_waited_for):
                    mine.released[other] = now
            elif now > mine.released.get(other, now) + HELD_S:
                del mine.released[other]
            if is_waited_for and other not in mine.released:
                waited_for.append(reading.at_ms)
        if waited_for:
            return min(waited_for) + WINDOW_MS
        return next_ms + WINDOW_MS if now < number.since_s + OTHERS_S else math.inf

    def note(self, place: TP, newest_ms: float | None, *, has_more: bool) -> None:
        """Take down that records up to ``newest_ms`` were read, and whether there are more.

        None: the records that were to be read have turned out to be none.
        """
        if place.topic == self._apart:
            return
        now, mine = self._clock(), self._reading(place)
        if newest_ms is not None:
            mine.come_to(newest_ms, now)
        mine.has_more, mine.heard_s, mine.held_since_s = has_more, now, None

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
