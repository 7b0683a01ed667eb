"""Numbers as a person writes them: durations, shares, money and counts."""

import math
from functools import lru_cache
from typing import Final

SECONDS: Final = {"hours": 3_600.0, "days": 86_400.0}
"""How long the units are in which features hold a time."""

WINDOW_TEXT: Final = {"1h": "an hour", "1d": "24 hours", "7d": "7 days", "30d": "30 days"}
"""The windows of features in words."""

_STEPS: Final = (("day", 86_400.0, 172_800.0), ("hour", 3_600.0, 3_600.0), ("minute", 60.0, 60.0))
"""A unit of time, its seconds, and from how many seconds on it is used."""


@lru_cache(4_096)  # what is usual comes with every second number
def number_text(value: float, unit: str) -> str:
    """Return a number with as many digits as a person reads, never in scientific notation.

    ``unit`` is that of the feature. Times are told in the unit that suits them.

    >>> [number_text(v, "count") for v in (3.0, 0.12345, 12.345, 1234.56, 0.0001)]
    ['3', '0.12', '12.3', '1,235', 'under 0.01']
    >>> [number_text(v, "share") for v in (0.256, 0.004, 0.0001)]
    ['26 %', '0.4 %', 'under 0.1 %']
    >>> number_text(1.5, "days"), number_text(1234.5, "money"), number_text(-0.0, "money")
    ('36 hours', '1,234.50', '0.00')
    """
    if math.isnan(value):
        return "unknown"
    value += 0.0  # no minus before a zero
    if unit in SECONDS:
        return duration_text(value * SECONDS[unit])
    if unit == "money":
        return f"{value:,.2f}"
    if unit == "share":
        return _digits(100 * value, smallest=0.1, whole_from=1.0) + " %"
    return _digits(value, smallest=0.01, whole_from=100.0)


def duration_text(seconds: float) -> str:
    """Return a time in seconds, minutes, hours or days.

    >>> [duration_text(s) for s in (0.0, 1.0, 8.0, 90.0, 7_200.0, 89_640.0, 259_200.0)]
    ['under a second', '1 second', '8 seconds', '1.5 minutes', '2 hours', '25 hours', '3 days']
    """
    size = abs(seconds)
    if size < 1.0:
        return "under a second"
    for name, length, begins in _STEPS:
        if size >= begins:
            return _plural(seconds / length, name)
    return _plural(float(round(seconds)), "second")


def _plural(value: float, name: str) -> str:
    text = f"{value:,.1f}".removesuffix(".0") if abs(value) < 9.95 else f"{value:,.0f}"
    return f"{text} {name}" if text == "1" else f"{text} {name}s"


def _digits(value: float, *, smallest: float, whole_from: float) -> str:
    """Write a number down to ``smallest``, and without decimals from ``whole_from`` on."""
    size = abs(value)
    if 0 < size < smallest:
        return f"under {smallest:g}"
    if size >= whole_from or size == round(size):
        return f"{value:,.0f}"
    places = 1 if size >= 10 or smallest == 0.1 else 2
    return f"{value:.{places}f}".rstrip("0").removesuffix(".")
