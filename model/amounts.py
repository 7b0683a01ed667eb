"""Where an amount stands among those of the training: ramps over its logarithm.

Currencies differ by a factor of 10,000, and within one shop amounts do as well. So the ramps end
where the amounts of the training lie, and the last goes on to the largest amount there may be.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.compiled import inlined
from topics.records import LARGEST

N_RAMPS: Final = 8
SIZE: Final = N_RAMPS + 2
_LEVELS: Final = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)
"""Shares of the amounts that the ends of the ramps have below them."""

_SPREAD: Final = np.geomspace(0.1, 1e8, len(_LEVELS))
"""Where the ramps end while no amount is known."""

_BELOW: Final = 0.1
"""The unit, in the first of those ends: smaller amounts differ by less than their logarithms."""

_SHORTEST: Final = 0.25
"""Of a ramp, in nats: many amounts may be the same."""


def fit_ramps(
    amounts: NDArray[np.float64], weight: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Return ramps for amounts like these, float64[n] with NaN for unknown, of ``weight``[n].

    float32[SIZE]: the first number times an amount is the amount in units; then come the ends of
    the ramps over log(1 + that), from 0 on, rising.

    >>> fit_ramps(np.full(9, 50.0)).astype(float).round(2).tolist()
    [0.2, 0.0, 2.4, 2.65, 2.9, 3.15, 3.4, 3.65, 3.9, 32.93]
    """
    known = np.isfinite(amounts) & (amounts > 0)
    ends = _SPREAD
    if known.any():
        among = None if weight is None else weight[known]
        ends = np.quantile(amounts[known], _LEVELS, method="inverted_cdf", weights=among)
    unit = max(_BELOW * ends[0], 1e-9)
    knots = [0.0]
    for end in np.log1p(np.append(ends, LARGEST) / unit).tolist():
        knots.append(max(end, knots[-1] + _SHORTEST))
    return np.array([1 / unit, *knots], np.float32)


ANY_AMOUNT: Final = fit_ramps(np.zeros(0))
"""Ramps that fit amounts of no shop in particular."""


@inlined
def ramp(amount: Any, ramps: Any) -> Any:
    """Return the ramp that a known amount lies on, below N_RAMPS, and how far up it is, 0 to 1."""
    size = np.float32(np.log(np.float32(1) + amount * ramps[0]))
    at = 0
    for j in range(2, N_RAMPS + 1):
        at += 1 if size >= ramps[j] else 0
    share = (size - ramps[at + 1]) / (ramps[at + 2] - ramps[at + 1])
    return at, min(max(share, np.float32(0)), np.float32(1))
