"""What users spent: every order once, less what was cancelled, returned or refunded."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.replay.horizon import sum_between
from topics.columns import Rows
from topics.vocabulary import CANCELLED, PAID

FIELDS: Final = ["user", "order", "time_ms", "amount", "step"]
"""Of order events, in any order of time."""


def spent_after(
    times: NDArray[np.int64], users: NDArray[np.uint64], orders: Rows, horizon: int
) -> NDArray[np.float64]:
    """Return what users spend in (time, time + horizon], float64[n], at least 0.

    ``times`` int64[n] and ``users`` uint64[n] ask; ``orders`` are all order events with `FIELDS`.
    Of each order counts what came first: that it was placed, or paid where nobody saw it placed;
    and against it what came first of being cancelled, returned or refunded, with its amount and
    at its time, whenever the order itself was placed.
    """
    bought, back = (
        _first(orders[orders["step"] <= PAID]),
        _first(orders[orders["step"] >= CANCELLED]),
    )
    both = np.concatenate([bought, back])
    signed = np.concatenate([bought["amount"], -back["amount"]])
    net = sum_between(times, users, both["time_ms"], both["user"], signed, horizon)
    return np.maximum(net, 0.0)


def _first(orders: Rows) -> Rows:
    """Return the first event of each user's order."""
    ordered = orders[np.argsort(orders["time_ms"], kind="stable")]
    _, at = np.unique(ordered[["user", "order"]], return_index=True)
    return ordered[at]
