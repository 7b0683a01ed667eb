"""What a user's past says of spending: how often, how much, how lately, in numbers for trees."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from model.codes import NO_EVENT
from topics.columns import PAST
from topics.scores import ScoreInput
from topics.vocabulary import CANCELLED, PAID, PLACED, REFUNDED

WINDOWS: Final = (1 / 3, 1.0, 2.0)
"""Of orders counted and summed, in horizons of the spend that is asked for."""

FROM_PAST: Final = (
    "orders_third", "orders_one", "orders_two", "orders_kept",
    "net_third", "net_one", "net_two", "net_kept",
    "mean_amount", "largest_amount", "returned",
    "days_since_last", "days_since_second", "days_since_third", "days_between", "overdue",
    "lifetime", "rate",
)  # fmt: skip
"""Days and currency; ``kept`` are the orders that a state keeps, ``overdue`` is the time since
the last order over the mean time between orders, ``lifetime`` an estimate of all that was spent,
and ``rate`` that sum per horizon."""

FROM_TABLE: Final = (
    "n_orders", "tenure_days", "orders_30d", "amount_30d", "amount_max_30d", "account_age_days",
    "hours_since_browse", "hours_since_login", "hours_since_review", "browse_1d", "browse_7d",
    "browse_per_order_30d", "searches_1d", "carts_1d", "logins_1d", "reviews_7d",
)  # fmt: skip
"""Features that are taken as they are."""

NAMES: Final = (*FROM_PAST, *FROM_TABLE)
_UP: Final = {*FROM_PAST[:10], "lifetime", "rate", "n_orders", "orders_30d", "amount_30d",
              "amount_max_30d"}  # fmt: skip
_DOWN: Final = {"days_since_last", "days_since_second", "days_since_third"}

RISING: Final = tuple(1 if name in _UP else -1 if name in _DOWN else 0 for name in NAMES)
"""Whether expected spend may only rise with a column (1), only fall (-1), or either (0)."""

AT: Final = {name: i for i, name in enumerate(NAMES)}
_DAY_S: Final = 86_400.0


@njit(cache=True, nogil=True)
def _bought_by(u8: Any, step: int) -> int:
    """Return the step that counts as buying: placed, or paid where nobody saw orders placed."""
    if step == PLACED:
        return PLACED
    for k in range(u8.shape[0]):
        if u8[k, 0] == PLACED:
            return PLACED
    return PAID


@njit(cache=True, nogil=True)
def _add(row: Any, n: int, step: int, bought: int, amount: float, days: float, windows: Any) -> int:
    """Count an event of ``days`` ago into ``row``; return the number of orders, ``n`` before."""
    paid = amount if amount >= 0 else 0.0
    signed = paid
    if step == bought:
        if n < 3:
            row[11 + n] = days
        n += 1
        row[8] += paid
        row[9] = max(row[9], paid)
        row[14] = days
    elif CANCELLED <= step <= REFUNDED:
        row[10] += paid
        signed = -paid
    else:
        return n
    for w in range(3):
        if days < windows[w]:
            row[w] += step == bought
            row[4 + w] += signed
    row[7] += signed
    return n


@njit(cache=True, nogil=True)
def _finish(row: Any, n: int, n_orders: float, tenure: float, horizon: float) -> None:
    """Turn sums into means; a state counts all orders, the kept ones tell what one costs."""
    oldest = row[14]
    row[3], row[14] = n, np.nan
    if n > 0:
        row[8] /= n
    if n > 1:
        row[14] = (oldest - row[11]) / (n - 1)
        if row[14] > 0:
            row[15] = row[11] / row[14]
    n_all = n if np.isnan(n_orders) else max(n_orders, n)
    row[16] = max(0.0, row[8] * n_all - row[10])
    row[17] = row[16] * horizon / (horizon if np.isnan(tenure) else max(tenure, horizon))


@njit(cache=True, nogil=True)
def _summarise(
    u8: Any, u32: Any, f32: Any, now_s: Any, step: Any, amount: Any, n_orders: Any, tenure: Any,
    horizon: float, windows: Any, out: Any,
) -> None:  # fmt: skip
    for i in range(out.shape[0]):
        row = out[i]
        row[:11] = 0.0
        row[11:18] = np.nan
        bought = _bought_by(u8[i], step[i])
        n = _add(row, 0, step[i], bought, amount[i], 0.0, windows)
        own = n
        for k in range(u8.shape[1]):
            kind = int(u8[i, k, 0])
            if kind == NO_EVENT:
                break
            days = max(0.0, (now_s[i] - np.int64(u32[i, k, 3])) / _DAY_S)
            n = _add(row, n, kind, bought, np.float64(f32[i, k, 2]), days, windows)
        _finish(row, n, n_orders[i] + own, tenure[i], horizon)


def habits(x: ScoreInput, names: Sequence[str], horizon_days: float) -> NDArray[np.float32]:
    """Return the columns `NAMES` of ``n`` events, float32[n, len(NAMES)], NaN where unknown.

    All is as of right after the event: an order counts itself. ``names`` are those of the features
    of ``x``; what they lack is unknown. ``horizon_days`` is the time whose spend is asked for.
    """
    at = {name: i for i, name in enumerate(names)}
    n, depth = x.past.shape
    amount = np.ascontiguousarray(x.rows["amount"])  # of one event it is, of more it is not
    raw = np.ascontiguousarray(x.past).view(np.uint8).reshape(n, depth, PAST.itemsize)
    out = np.empty((n, len(NAMES)), np.float32)
    for j, name in enumerate(FROM_TABLE, len(FROM_PAST)):
        out[:, j] = x.features[:, at[name]] if name in at else np.nan
    _summarise(
        raw, raw.view(np.uint32), raw.view(np.float32), x.rows["time_ms"] // 1000,
        x.rows["step"].astype(np.int64), amount, out[:, AT["n_orders"]].copy(),
        out[:, AT["tenure_days"]].copy(), horizon_days, np.array(WINDOWS) * horizon_days, out,
    )  # fmt: skip
    return out
