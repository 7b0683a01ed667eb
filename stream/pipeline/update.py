"""Applying one event, or one label, to a user's state."""

from typing import Any

import numpy as np

from stream.pipeline.aggregates import (
    TOKEN_MASK,
    find_order,
    find_recent,
    local_hour,
    recent_token,
    weekday,
)
from stream.pipeline.compiled import kernel
from stream.pipeline.layout import (
    ACCOUNT_CREATED,
    AMOUNT_M2,
    AMOUNT_MAX,
    AMOUNT_MEAN,
    AMOUNT_SUM,
    C_BROWSE,
    C_CANCELLED,
    C_CARTS,
    C_FIVE_STAR,
    C_LOGINS,
    C_LOW_STAR,
    C_NIGHT,
    C_ORDERS,
    C_RETURNED,
    C_REVIEWS,
    C_SEARCHES,
    C_VIEWS,
    FIRST_SEEN,
    HOURS,
    LAST_BROWSE,
    LAST_LOGIN,
    LAST_ORDER,
    LAST_RETURN,
    LAST_REVIEW,
    MAX_IDS,
    MAX_LABELS,
    MAX_ORDERS,
    N_BROWSE,
    N_CANCELLED,
    N_EVENTS,
    N_FIVE_STAR,
    N_FRAUD_LABELS,
    N_LABELS,
    N_LATE,
    N_LOW_STAR,
    N_NIGHT,
    N_ORDER_GAPS,
    N_ORDERS,
    N_RECENTS,
    N_RETURNED,
    N_REVIEWS,
    N_VERIFIED,
    N_WEEKEND,
    NEWEST,
    NO_TIME,
    ORDER_GAP_MEAN,
    RATING_SUM,
    RECENT_LIMITS,
    REFUND_SUM,
    S_AMOUNT,
    S_AMOUNT_MAX,
    S_REFUNDS,
    Z_IDS,
    Z_LABELS,
    Z_ORDERS,
    State,
)
from stream.pipeline.panes import add_to_pane
from stream.pipeline.windows import LATENESS_MS, N_LEVELS

ID_MASK = (1 << 48) - 1
NIGHT_UNTIL = 6
BROWSE_COUNTER = np.array(
    [C_VIEWS, C_SEARCHES, -1, C_CARTS, -1, -1, C_LOGINS, -1], np.int64
)  # by action


@kernel
def seen_before(s: State, event: Any) -> Any:
    """Whether the event's id is among the user's last ones."""
    wanted = np.int64(event & np.uint64(ID_MASK))
    found = False
    for i in range(s.sizes[Z_IDS]):
        found |= s.ids[i] == wanted
    return found


@kernel
def apply_event(s: State, event: Any, zone_ms: int, counts: Any, sums: Any) -> None:
    """Count the event in; ``counts`` and ``sums`` are scratch for what it adds to its panes."""
    t = event.time_ms
    counts[:] = 0
    sums[:] = 0.0
    if s.life[NEWEST] != NO_TIME and t < s.life[NEWEST] - LATENESS_MS:
        s.life[N_LATE] += 1
    hour = local_hour(t, zone_ms)
    s.life[N_EVENTS] += 1
    s.life[HOURS + hour // 3] += 1
    s.life[N_WEEKEND] += weekday(t, zone_ms) >= 5
    if hour < NIGHT_UNTIL:
        s.life[N_NIGHT] += 1
        counts[C_NIGHT] = 1
    if event.type == 0:
        _apply_order(s, event, t, counts, sums)
    elif event.type == 1:
        _apply_browse(s, event, t, counts)
    else:
        _apply_review(s, event, t, counts)
    s.life[NEWEST] = max(s.life[NEWEST], t)
    s.life[FIRST_SEEN] = t if s.life[FIRST_SEEN] == NO_TIME else min(t, s.life[FIRST_SEEN])
    if event.account_created_ms != 0 and s.life[ACCOUNT_CREATED] == NO_TIME:
        s.life[ACCOUNT_CREATED] = event.account_created_ms
    for level in range(N_LEVELS):
        s.n_panes[level] = add_to_pane(
            s.n_panes[level], s.pane_at[level], s.pane_count[level], s.pane_sum[level],
            level, t, s.life[NEWEST], counts, sums, S_AMOUNT_MAX,
        )  # fmt: skip
    for kind in range(N_RECENTS):
        token = recent_token(event, kind)
        if token != 0:
            _touch_recent(s, kind, token, t // 1000)
    _append_id(s, np.int64(event.event & np.uint64(ID_MASK)))


@kernel
def _apply_order(s: State, event: Any, t: int, counts: Any, sums: Any) -> None:
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
            s.orders[i] = s.orders[i + 1]
            s.order_amount[i] = s.order_amount[i + 1]
        n -= 1
    s.orders[n, 0] = np.int64(event.order & np.uint64(TOKEN_MASK))
    s.orders[n, 1] = t // 1000
    s.orders[n, 2] = 0
    s.order_amount[n] = event.amount
    s.sizes[Z_ORDERS] = n + 1
    return n


@kernel
def _apply_browse(s: State, event: Any, t: int, counts: Any) -> None:
    counts[C_BROWSE] = 1
    s.life[N_BROWSE] += 1
    s.life[LAST_BROWSE] = max(s.life[LAST_BROWSE], t)
    counter = BROWSE_COUNTER[event.step - 8]
    if counter >= 0:
        counts[counter] = 1
    if counter == C_LOGINS:
        s.life[LAST_LOGIN] = max(s.life[LAST_LOGIN], t)


@kernel
def _apply_review(s: State, event: Any, t: int, counts: Any) -> None:
    counts[C_REVIEWS] = 1
    s.life[N_REVIEWS] += 1
    s.life[LAST_REVIEW] = max(s.life[LAST_REVIEW], t)
    s.life[RATING_SUM] += event.rating
    s.life[N_VERIFIED] += event.verified
    if event.rating == 5:
        counts[C_FIVE_STAR] = 1
        s.life[N_FIVE_STAR] += 1
    elif event.rating <= 2:
        counts[C_LOW_STAR] = 1
        s.life[N_LOW_STAR] += 1


@kernel
def _touch_recent(s: State, kind: int, token: int, seconds: int) -> None:
    at = find_recent(s, kind, token)
    if at >= 0:
        s.recent[kind, at, 1] = min(s.recent[kind, at, 1], seconds)
        s.recent[kind, at, 2] = max(s.recent[kind, at, 2], seconds)
        s.recent[kind, at, 3] += 1
        return
    at = s.n_recent[kind]
    if at < RECENT_LIMITS[kind]:
        s.n_recent[kind] = at + 1
    else:  # the one not seen for the longest gives way
        at = 0
        for i in range(s.n_recent[kind]):
            if s.recent[kind, i, 2] < s.recent[kind, at, 2]:
                at = i
    s.recent[kind, at, 0] = token
    s.recent[kind, at, 1] = seconds
    s.recent[kind, at, 2] = seconds
    s.recent[kind, at, 3] = 1


@kernel
def _append_id(s: State, event: int) -> None:
    n = s.sizes[Z_IDS]
    if n == MAX_IDS:
        s.ids[: n - 1] = s.ids[1:n]
        n -= 1
    s.ids[n] = event
    s.sizes[Z_IDS] = n + 1


@kernel
def apply_label(s: State, label: Any) -> Any:
    """Take a label in; return by how much the counts of labels and of fraud labels change.

    The newest ``known_at`` wins where several labels are about the same event (or the user).
    """
    target = np.int64(label.event & np.uint64(TOKEN_MASK))
    fraud = np.int64(label.is_fraud)
    for i in range(s.sizes[Z_LABELS]):
        if s.labels[i, 0] == target:
            if label.known_ms < s.labels[i, 1]:
                return 0, 0
            change = fraud - s.labels[i, 2]
            s.labels[i, 1] = label.known_ms
            s.labels[i, 2] = fraud
            s.life[N_FRAUD_LABELS] += change
            return 0, change
    n = s.sizes[Z_LABELS]
    if n == MAX_LABELS:
        for i in range(n - 1):
            s.labels[i] = s.labels[i + 1]
        n -= 1
    s.labels[n, 0] = target
    s.labels[n, 1] = label.known_ms
    s.labels[n, 2] = fraud
    s.sizes[Z_LABELS] = n + 1
    s.life[N_LABELS] += 1
    s.life[N_FRAUD_LABELS] += fraud
    return 1, fraud
