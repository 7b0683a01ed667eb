"""How well expected spend is told, beside what anybody could say without a model."""

from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from model.asked import Asked
from model.baseline import ranking
from model.habits import AT
from model.standard import Standard

Array = NDArray[np.float64]

HELD_OUT: Final = 0.25
"""Share of the users that teach nothing here, and whose rows are judged."""

MOST_TAUGHT: Final = 10_000
"""Rows to learn from here, so that a second model costs seconds: of more, a random part of the
users that are not held out teaches."""

LEAST_JUDGED: Final = 50
"""Users to judge by; fewer tell nothing."""

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Estimates(Protocol):
    """What `model.spending` learns."""

    def mean(self, habits: NDArray[np.float32]) -> Array:
        """Return the expected spend, float64[n]."""

    def median(self, habits: NDArray[np.float32]) -> Array:
        """Return the median spend, float64[n]."""


def rate_spend(asked: Asked, fit: Callable[[Asked], Estimates | None]) -> dict[str, Any] | None:
    """Rate a spend model and four simple estimates on users that taught none of them.

    ``fit`` learns from rows as the kept model does. All is per the rows' horizon. Of each part
    under ``parts``: ``spearman``, the rank correlation with what was spent; ``roc_auc``, of whether
    anything was; ``rmse`` and ``mae`` in currency; None where a part is no estimate of that kind.
    None at all: too few users, or no spend to learn from.

    - ``spend_model``: its mean, the ``mae`` of its median;
    - ``linear_regression`` on the same habits, clipped and standardised;
    - ``last_value``: what was spent, net, in the horizon before;
    - ``past_spend``: all that was spent before, which ranks only;
    - ``constant_median``: the same for everybody.
    """
    known = asked.take(np.flatnonzero(np.isfinite(asked.spend)))
    # A mix of its own: other parts pick users by single bits of their tokens.
    drawn = ((known.user * _MIX) >> np.uint64(40)).astype(np.float64) / 2.0**24
    held = known.take(np.flatnonzero(drawn < HELD_OUT))
    most = HELD_OUT + MOST_TAUGHT / max(len(known), 1)
    taught = known.take(np.flatnonzero((drawn >= HELD_OUT) & (drawn < most)))
    n_users = len(np.unique(held.user))
    model = fit(taught) if n_users >= LEAST_JUDGED else None
    if model is None:
        return None
    spent = held.spend.astype(np.float64)
    linear = _linear(taught, held)
    last, past = (
        np.maximum(np.nan_to_num(held.habits[:, AT[name]].astype(np.float64)), 0.0)
        for name in ("net_one", "lifetime")
    )
    constant = np.full(len(held), np.median(taught.spend.astype(np.float64)))
    mean = model.mean(held.habits)
    return {
        "n": len(held),
        "n_users": n_users,
        "parts": {
            "spend_model": _rated(mean, mean, model.median(held.habits), spent),
            "linear_regression": _rated(linear, linear, linear, spent),
            "last_value": _rated(last, last, last, spent),
            "past_spend": _rated(past, None, None, spent),
            "constant_median": _rated(None, constant, constant, spent),
        },
    }


def _linear(taught: Asked, held: Asked) -> Array:
    """Return what a line says of ``held``, float64[n], within what was ever spent."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - a second to import

    standard = Standard.fit(taught.habits, logarithms=False)
    x, y = standard.apply(taught.habits), taught.spend.astype(np.float64)
    if not x.shape[1]:
        return np.full(len(held), y.mean())
    # Habits repeat one another, so that the least squares alone may be anything.
    line = Ridge(alpha=1.0).fit(x.astype(np.float64), y)
    found: Array = np.clip(line.predict(standard.apply(held.habits)), 0.0, y.max())
    return found


def _rated(
    rank: Array | None, mean: Array | None, median: Array | None, spent: Array
) -> dict[str, float | None]:
    spends = (spent > 0).astype(np.int8)
    return {
        "spearman": None if rank is None else _spearman(rank, spent),
        "roc_auc": None if rank is None else ranking(rank, spends).roc_auc,
        "rmse": None if mean is None else float(np.sqrt(np.mean((mean - spent) ** 2))),
        "mae": None if median is None else float(np.mean(np.abs(median - spent))),
    }


def _spearman(estimate: Array, spent: Array) -> float | None:
    """Return the rank correlation, ties in the middle of their ranks; None where all are equal."""
    from scipy.stats import spearmanr  # noqa: PLC0415 - only needed in training

    if estimate.min() == estimate.max() or spent.min() == spent.max():
        return None
    return float(spearmanr(estimate, spent).statistic)
