"""Calibration: from a model's log-odds to a probability that means what it says."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MIN_POSITIVES: Final = 10
_MIN_FOR_ISOTONIC: Final = 200
_MAX_KNOTS: Final = 64
_PRIOR_VARIANCE: Final = 1.0
"""Of a level found from few positives: its shift of log-odds is about 0, give or take 1."""

_MOST_HEAT: Final = float(np.log(1000))
"""The logarithm of a temperature at most, up or down."""

_TILT: Final = 1e-3
"""Keeps the ranking where an isotonic map is flat."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Maps log-odds to a probability: shifted, then a straight line, or one between knots.

    ``kind`` is ``none``, ``level`` (only ``shift``), ``temperature``, ``platt`` or ``isotonic``;
    ``shift`` is added; ``knots`` and ``values`` float64[m] are log-odds in and out; a Platt line is
    two knots that extrapolate, one of a temperature goes through 0, and an isotonic map is flat
    outside its knots, but for a tilt that keeps the ranking.
    """

    kind: str
    shift: float
    knots: Array
    values: Array

    @classmethod
    def none(cls, shift: float = 0.0) -> Self:
        """Only add ``shift`` to the log-odds.

        >>> float(Calibration.none(np.log(0.1)).apply(np.zeros(1)).round(4)[0])  # odds 1:10
        0.0909
        """
        return cls("none", shift, np.array([0.0, 1.0]), np.array([0.0, 1.0]))

    @classmethod
    def level(cls, shift: float) -> Self:
        """Add a ``shift`` that was found from what happened."""
        return cls("level", shift, np.array([0.0, 1.0]), np.array([0.0, 1.0]))

    def raised(self, by: float) -> Self:
        """Return the same with ``by`` added to the calibrated log-odds.

        >>> even = Calibration.none().raised(np.log(0.1))
        >>> float(even.apply(np.zeros(1)).round(4)[0])  # odds 1:10
        0.0909
        """
        return replace(self, values=self.values + by)

    def log_odds(self, logits: Array) -> Array:
        """Return calibrated log-odds of raw ones, float64[n]."""
        shifted = np.asarray(logits, np.float64) + self.shift
        if self.kind == "isotonic":
            between: Array = np.interp(shifted, self.knots, self.values) + _TILT * shifted
            return between
        line: Array = self.values[0] + self.slope * (shifted - self.knots[0])
        return line

    def apply(self, logits: Array) -> Array:
        """Return probabilities in (0, 1), float64[n]."""
        return 1 / (1 + np.exp(-np.clip(self.log_odds(logits), -700, 700)))

    @property
    def slope(self) -> float:
        """Calibrated log-odds per raw log-odds; of an isotonic map from end to end."""
        return float((self.values[-1] - self.values[0]) / (self.knots[-1] - self.knots[0]))


def fit_calibration(
    logits: Array, label: NDArray[np.int8], time_ms: NDArray[np.int64]
) -> Calibration:
    """Choose between no calibration, temperature, Platt's and isotonic, and fit the choice.

    Each is fitted on the earlier half of a slice of time and judged by its log loss on the later;
    the best, and of equal ones the simplest, is fitted again on all. With too few positives in a
    half there is nothing to choose by: then only the level is corrected, by `cautious_level` of all
    rows, and nothing at all where there are no rows.
    """
    order = np.argsort(time_ms, kind="stable")
    raw, y = np.asarray(logits, np.float64)[order], label[order] == 1
    half = len(raw) // 2
    if min(y[:half].sum(), y[half:].sum(), (~y)[:half].sum()) < _MIN_POSITIVES:
        return Calibration.level(cautious_level(raw, y)) if len(raw) else Calibration.none()
    fits = [_unchanged, temperature, platt]
    if y[:half].sum() >= _MIN_FOR_ISOTONIC:
        fits.append(isotonic)
    losses = [log_loss(fit(raw[:half], y[:half]).apply(raw[half:]), y[half:]) for fit in fits]
    return fits[int(np.argmin(losses))](raw, y)


def _unchanged(raw: Array, y: NDArray[np.bool_]) -> Calibration:
    return Calibration.none()


def level(raw: Array, y: NDArray[np.bool_]) -> float:
    """Return the shift of log-odds after which the mean probability is the share of positives.

    >>> y = np.array([True, False, False, False])
    >>> round(1 / (1 + np.exp(-level(np.zeros(4), y))), 3)  # a share of (1 + 1/2) / (4 + 1)
    np.float64(0.3)
    """
    return _shift(raw, len(raw) * (y.sum() + 0.5) / (len(y) + 1), 0.0)


def cautious_level(raw: Array, y: NDArray[np.bool_]) -> float:
    """Return the most probable shift of log-odds, if beforehand it is normal about 0.

    The probabilities then add up to the positives less the shift over ``_PRIOR_VARIANCE``: many
    positives set the level by themselves, without any it falls by a little. A logistic regression
    of the intercept alone, its penalty ridge (Hoerl and Kennard, 1970) and its offset ``raw``.

    >>> y = np.arange(1000) < 100
    >>> rare, none = np.full(1000, np.log(0.02 / 0.98)), np.zeros(1000, bool)
    >>> for happened in (y, y[::-1] & (np.arange(1000) > 996), none):
    ...     shift = cautious_level(rare, happened)
    ...     print(happened.sum(), "of 20 expected:", round(float(np.exp(shift)), 2))
    100 of 20 expected: 5.34
    3 of 20 expected: 0.22
    0 of 20 expected: 0.11
    """
    return _shift(raw, float(y.sum()), 1 / _PRIOR_VARIANCE)


def _shift(raw: Array, n: float, pull: float) -> float:
    """Return the x at which the probabilities of ``raw + x`` and ``pull * x`` add up to ``n``."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        total = np.sum(1 / (1 + np.exp(-np.clip(raw + middle, -700, 700)))) + pull * middle
        low, high = (middle, high) if total < n else (low, middle)
    return (low + high) / 2


def temperature(raw: Array, y: NDArray[np.bool_]) -> Calibration:
    """Divide the log-odds by the one number that makes the log loss least.

    Only how sure they are changes; even odds stay even. Source: Guo and others, "On Calibration of
    Modern Neural Networks", 2017. The number lies between 1/1,000 and 1,000.

    >>> raw = np.log(np.repeat([9.0, 1 / 9], 100))  # 90 % and 10 %, where it is 75 % and 25 %
    >>> y = np.tile(np.arange(100) < 75, 2) == np.repeat([True, False], 100)
    >>> round(temperature(raw, y).slope, 3)  # log(3) / log(9)
    0.5
    """
    sign = np.where(y, 1.0, -1.0) * raw
    low, high = -_MOST_HEAT, _MOST_HEAT
    for _ in range(60):  # the loss is convex in the slope, so its derivative crosses 0 once
        middle = (low + high) / 2
        colder = np.sum(sign / (1 + np.exp(np.clip(np.exp(middle) * sign, -700, 700)))) > 0
        low, high = (middle, high) if colder else (low, middle)
    return Calibration("temperature", 0.0, np.array([0.0, 1.0]), np.array([0.0, np.exp(low)]))


def platt(raw: Array, y: NDArray[np.bool_]) -> Calibration:
    """Fit a straight line in log-odds by Newton's method, with Platt's smoothed targets (1999)."""
    n_positive, n_negative = int(y.sum()), int((~y).sum())
    target = np.where(y, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    centre, scale = float(raw.mean()), float(raw.std()) or 1.0
    x = np.stack([np.ones(len(raw)), (raw - centre) / scale], 1)
    rate = n_positive / len(raw)
    beta = np.array([np.log(rate / (1 - rate)), scale])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        curvature = x.T @ (x * np.maximum(p * (1 - p), 1e-9)[:, None]) + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, x.T @ (target - p))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    if beta[1] <= 0:  # the ranking is worse than none: keep it, correct the level only
        beta = np.array([np.log(rate / (1 - rate)), 1e-3])
    knots = np.array([centre - scale, centre + scale])
    return Calibration("platt", 0.0, knots, np.array([beta[0] - beta[1], beta[0] + beta[1]]))


def isotonic(raw: Array, y: NDArray[np.bool_]) -> Calibration:
    """Fit a rising map between the mean log-odds of groups of rows with equal numbers of frauds."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - a second to import

    order = np.argsort(raw, kind="stable")
    x, hits = raw[order], y[order].astype(np.float64)
    n_groups = int(min(_MAX_KNOTS, max(2, hits.sum() // 10)))
    weight = hits / hits.sum() + (1 - hits) / (1 - hits).sum()
    group = np.minimum((np.cumsum(weight) / 2 * n_groups).astype(int), n_groups - 1)
    sizes = np.maximum(np.bincount(group, minlength=n_groups), 1)
    share = (np.bincount(group, hits, n_groups) + 0.5) / (sizes + 1)
    rising = IsotonicRegression().fit_transform(np.arange(n_groups), share, sample_weight=sizes)
    knots, first = np.unique(np.bincount(group, x, n_groups) / sizes, return_index=True)
    if len(knots) < 2:
        return platt(raw, y)
    return Calibration("isotonic", 0.0, knots, np.log(rising / (1 - rising))[first])


def log_loss(p: Array, y: NDArray[np.bool_], weight: Array | None = None) -> float:
    """Mean negative log likelihood in nats, of rows that weigh ``weight`` (None: all the same).

    >>> round(log_loss(np.array([0.5, 0.5]), np.array([True, False])), 4)
    0.6931
    """
    safe = np.clip(p, 1e-15, 1 - 1e-15)
    found = np.where(y, np.log(safe), np.log1p(-safe))
    return float(-np.average(found, weights=weight))
