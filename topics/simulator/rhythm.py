"""When a person is about: days by the calendar and the person's week, hours by the day's rhythm."""

from bisect import bisect_right
from typing import Final

from topics.simulator.config import DAY_MS, HOUR_MS
from topics.simulator.dice import Dice, running
from topics.simulator.market import Calendar
from topics.simulator.person import Person


def _bell(*peaks: tuple[float, float, float]) -> list[float]:
    """Return running sums over 24 hours of bells at (hour, width, height), plus a little."""
    weights = []
    for hour in range(24):
        away = [min(abs(hour - p), 24 - abs(hour - p)) / w for p, w, _ in peaks]
        weights.append(
            0.03 + sum(h * 2.0 ** -(a * a) for a, (_, _, h) in zip(away, peaks, strict=True))
        )
    return running(weights)


RHYTHMS: Final = (
    _bell((20.5, 2.0, 1.0), (12.5, 1.2, 0.5)),  # evenings and lunch
    _bell((8.0, 1.5, 0.8), (21.0, 2.0, 0.8)),  # before and after work
    _bell((14.5, 3.0, 1.0), (10.5, 2.0, 0.6)),  # by day
    _bell((23.5, 2.2, 1.0), (19.0, 2.5, 0.4)),  # late
    _bell((2.0, 2.5, 0.7), (16.0, 4.0, 0.6)),  # night workers
)
_HOURS: Final = tuple(range(24))


def moments(rng: Dice, person: Person, calendar: Calendar, rate: float) -> list[int]:
    """Return when the person opens the shop, in order, in epoch milliseconds.

    ``rate`` is sessions per day; an account that joins or ends within the simulation is about
    for that part only.
    """
    first = max(person.joined_ms or 0, person.active_from_ms, calendar.start_ms)
    last = min(person.active_until_ms, calendar.start_ms + calendar.days * DAY_MS)
    if first >= last:
        return []
    cumulative = calendar.cumulative[person.habits.weekdays]
    from_day = (first - calendar.start_ms) // DAY_MS
    until_day = (last - 1 - calendar.start_ms) // DAY_MS + 1
    low, high = cumulative[from_day], cumulative[until_day]
    times = []
    for _ in range(rng.count(rate * (high - low))):
        day = bisect_right(cumulative, low + rng.random() * (high - low)) - 1
        time_ms = calendar.start_ms + day * DAY_MS + hour_of(rng, person.habits.hours)
        if first <= time_ms < last:
            times.append(time_ms)
    times.sort()
    return times


def hour_of(rng: Dice, rhythm: int) -> int:
    """Return a time of day in milliseconds that suits the rhythm."""
    return int((rng.weigh(_HOURS, RHYTHMS[rhythm]) + rng.random()) * HOUR_MS)
