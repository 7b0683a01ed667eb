"""A user's orders: counted once each, with the statuses they went through."""

from typing import Any

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import (
    AMOUNT_M2,
    AMOUNT_MAX,
    AMOUNT_MEAN,
    AMOUNT_SUM,
    C_CANCELLED,
    C_ORDERS,
    C_RETURNED,
    LAST_ORDER,
    LAST_RETURN,
    MAX_ORDERS,
    N_CANCELLED,
    N_ORDER_GAPS,
    N_ORDERS,
    N_RETURNED,
    NO_TIME,
    ORDER_GAP_MEAN,
    REFUND_SUM,
    S_AMOUNT,
    S_AMOUNT_MAX,
    S_REFUNDS,
    Z_ORDERS,
    State,
)
from stream.pipeline.panes import copy_row
from stream.pipeline.recents import TOKEN_MASK


@kernel
def find_order(s: State, order: Any) -> Any:
    """Return where the order stands among the user's recent ones, or -1."""
    token = np.int64(order & np.uint64(TOKEN_MASK))
    for i in range(s.sizes[Z_ORDERS]):
        if s.orders[i, 0] == token:
            return i
    return -1


@kernel
def apply_order(s: State, event: Any, t: int, counts: Any, sums: Any) -> None:
    """Apply an order event; ``counts`` and ``sums`` are what it adds to its panes."""
    found = find_order(s, event.order)
    if found < 0:
        found = _append_order(s, event, t)
    s.orders[found, 1] = min(s.orders[found, 1], t // 1000)
    # Counted once: when placed, or when paid where nobody saw it placed.
    if event.step <= 1 and s.orders[found, 2] & 0b11 == 0:
        counts[C_ORDERS] = 1
        sums[S_AMOUNT] = event.amount
        sums[S_AMOUNT_MAX] = event.amount
        _count_order(s, event.amount, t)
    s.orders[found, 2] |= 1 << event.step
    if event.step == 4:
        counts[C_CANCELLED] = 1
        s.life[N_CANCELLED] += 1
    elif event.step >= 5:
        counts[C_RETURNED] = 1
        sums[S_REFUNDS] = event.amount
        s.life[N_RETURNED] += 1
        s.reals[REFUND_SUM] += event.amount
        s.life[LAST_RETURN] = max(s.life[LAST_RETURN], t)


@kernel
def _count_order(s: State, amount: float, t: int) -> None:
    """Update counts, and mean and squared deviations by Welford's recurrence (1962)."""
    if s.life[LAST_ORDER] != NO_TIME:
        s.life[N_ORDER_GAPS] += 1
        gap = float(abs(t - s.life[LAST_ORDER]))
        s.reals[ORDER_GAP_MEAN] += (gap - s.reals[ORDER_GAP_MEAN]) / s.life[N_ORDER_GAPS]
    s.life[LAST_ORDER] = max(s.life[LAST_ORDER], t)
    s.life[N_ORDERS] += 1
    off = amount - s.reals[AMOUNT_MEAN]
    s.reals[AMOUNT_MEAN] += off / s.life[N_ORDERS]
    s.reals[AMOUNT_M2] += off * (amount - s.reals[AMOUNT_MEAN])
    s.reals[AMOUNT_MAX] = max(s.reals[AMOUNT_MAX], amount)
    s.reals[AMOUNT_SUM] += amount


@kernel
def _append_order(s: State, event: Any, t: int) -> Any:
    n = s.sizes[Z_ORDERS]
    if n == MAX_ORDERS:
        for i in range(n - 1):
            copy_row(s.orders, i + 1, i)
            s.order_amount[i] = s.order_amount[i + 1]
        n -= 1
    s.orders[n, 0] = np.int64(event.order & np.uint64(TOKEN_MASK))
    s.orders[n, 1] = t // 1000
    s.orders[n, 2] = 0
    s.order_amount[n] = event.amount
    s.sizes[Z_ORDERS] = n + 1
    return n
