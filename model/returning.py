"""How often a customer is expected to order again: a model of buying until one day never more.

The modified beta-geometric / negative binomial model (Batislam, Denizel and Filiztekin, 2007, after
Fader, Hardie and Lee, 2005): an active customer orders at random at a pace of their own, and after
every order, the first as well, stays away for good with a probability of their own. Unlike trees
it can tell what a silence means that is longer than any that was learned from.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from model.forest import some
from model.habits import AT

Array = NDArray[np.float64]

MAX_ROWS: Final = 50_000
"""Rows that the four numbers are found on; more do not change them."""

_LIMIT: Final = 6.0
_RIDGE: Final = 1e-4
"""Of the logarithms of the four numbers: where nobody ever orders again, they stay finite."""


@dataclass(frozen=True)
class Returning:
    """Paces are of a gamma distribution (``shape``, ``days``), leaving of a beta (``a``, ``b``)."""

    shape: float
    days: float
    a: float
    b: float

    @classmethod
    def fit(cls, habits: NDArray[np.float32], *, seed: int) -> Self:
        """Find the likeliest numbers for float32[n, H] of `model.habits`; no spend is needed."""
        from scipy.optimize import minimize  # noqa: PLC0415 - only needed in training

        again, last, tenure = _seen(some(habits, MAX_ROWS, seed))
        unit = max(float(tenure.mean()), 1.0) if len(tenure) else 1.0
        given = again, last / unit, tenure / unit
        found = minimize(_cost, np.zeros(4), args=given, bounds=[(-_LIMIT, _LIMIT)] * 4)
        shape, scale, a, b = np.exp(found.x).tolist()
        return cls(shape, scale * unit, a, b)

    @classmethod
    def from_array(cls, array: NDArray[Any]) -> Self:
        """Rebuild it from what `array` returned."""
        return cls(*array.tolist())

    def array(self) -> Array:
        """Return its numbers, float64[4]."""
        return np.array([self.shape, self.days, self.a, self.b])

    def per_day(self, habits: NDArray[np.float32]) -> Array:
        """Return the orders a day that are expected next, float64[n] above 0.

        It is the pace of a customer who is active, times the probability of being so.
        """
        again, last, tenure = _seen(habits)
        count = self.shape + again
        silent = count * np.log((self.days + tenure) / (self.days + last))
        gone = self.a / (self.b + again) * np.exp(np.minimum(silent, 600.0))
        pace: Array = count / (self.days + tenure) / (1.0 + gone)
        return pace


def _seen(habits: NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """Return orders after the first, and the days from the first to the last and to now."""
    orders, tenure, silent = (
        np.nan_to_num(habits[:, AT[name]].astype(np.float64))
        for name in ("n_orders", "tenure_days", "days_since_last")
    )
    tenure = np.maximum(tenure, silent)
    again = np.maximum(orders - 1.0, 0.0)
    return again, np.where(again > 0, tenure - silent, 0.0), tenure


def _cost(guess: Array, again: Array, last: Array, tenure: Array) -> float:
    """Return the mean negative logarithm of the likelihood, and a little ridge."""
    from scipy.special import betaln, gammaln  # noqa: PLC0415 - only needed in training

    shape, scale, a, b = np.exp(guess)
    count = shape + again
    level = gammaln(count) - gammaln(shape) + shape * guess[1] - betaln(a, b)
    active = betaln(a, b + again + 1) - count * np.log(scale + tenure)
    gone = betaln(a + 1, b + again) - count * np.log(scale + last)
    likelihood = level + np.logaddexp(active, gone)
    return float(-likelihood.mean() + _RIDGE * guess @ guess)
