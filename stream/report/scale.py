"""Scales: where on an axis a number stands, and which numbers the axis names."""

import math
from dataclasses import dataclass
from typing import Final

from stream.report.forms import plain

TICKS: Final = 5
MOST_POWERS: Final = 6
LEAST_APART: Final = 0.17
"""Of an axis: room for the text of a tick."""


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` to ``high`` with a label and ``ticks``, numbers and their texts.

    ``kind`` is ``linear``, ``log`` (low above 0) or ``log_odds`` (both between 0 and 1).
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    kind: str = "linear"

    def at(self, x: float) -> float:
        """Return where a number stands, 0 at the low end and 1 at the high; the ends hold beyond.

        >>> linear("share", 0, 2).at(0.5), log("n", 1, 100).at(10), log("n", 1, 100).at(0)
        (0.25, 0.5, 0.0)
        """
        low, high = self._bent(self.low), self._bent(self.high)
        x = min(max(x, self.low), self.high)
        return (self._bent(x) - low) / (high - low)

    def _bent(self, x: float) -> float:
        if self.kind == "log":
            return math.log(x)
        if self.kind == "log_odds":
            return math.log(x / (1 - x))
        return x


def linear(
    label: str, low: float, high: float, *, percent: bool = False, whole: bool = False
) -> Scale:
    """Return a linear axis whose ticks are round numbers; it ends at or above ``high``.

    ``whole`` keeps fractions from being named.

    >>> [tick for _, tick in linear("alerts", 0, 37).ticks]
    ['0', '10', '20', '30', '40']
    """
    width = (high - low) or 1.0
    rough = width / TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= rough * 0.999)
    if whole and step != int(step):
        step = math.ceil(step)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = [i * step for i in range(first, last + 1)]
    return Scale(label, ticks[0], ticks[-1], tuple((t, tick_text(t, percent)) for t in ticks))


def log(label: str, low: float, high: float, *, percent: bool = False) -> Scale:
    """Return a logarithmic axis, ticks at powers of ten, at most six of them.

    >>> [tick for _, tick in log("alerts a day", 1, 700).ticks]
    ['1', '10', '100']
    """
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    every = max(1, math.ceil(len(powers) / MOST_POWERS))
    ticks = tuple((10.0**k, tick_text(10.0**k, percent)) for k in reversed(powers[::-every]))
    return Scale(label, low, max(high, low * 1.01), ticks, "log")


def log_odds(label: str, low: float, high: float) -> Scale:
    """Return an axis of probabilities that is even in their log-odds."""
    known = (1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
    bare, last = Scale(label, low, high, (), "log_odds"), 2.0
    kept: list[tuple[float, str]] = []
    for p in reversed([p for p in known if low <= p <= high]):
        if last - bare.at(p) >= LEAST_APART:
            last = bare.at(p)
            kept.insert(0, (p, tick_text(p, True)))
    return Scale(label, low, high, tuple(kept), "log_odds")


def tick_text(x: float, percent: bool) -> str:
    """Return a tick's text.

    >>> tick_text(0.25, True), tick_text(1000.0, False), tick_text(1e-5, True)
    ('25 %', '1,000', '0.001 %')
    """
    if percent:
        return f"{100 * x:.6f}".rstrip("0").rstrip(".") + " %"
    return plain(round(x, 10))
