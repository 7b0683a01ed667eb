"""Applying one event, or one label, to a user's state."""

from typing import Any

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import (
    ACCOUNT_CREATED,
    C_BROWSE,
    C_CARTS,
    C_FIVE_STAR,
    C_LOGINS,
    C_LOW_STAR,
    C_NIGHT,
    C_REVIEWS,
    C_SEARCHES,
    C_VIEWS,
    FIRST_SEEN,
    HOURS,
    LAST_BROWSE,
    LAST_LOGIN,
    LAST_REVIEW,
    MAX_IDS,
    N_BROWSE,
    N_EVENTS,
    N_FIVE_STAR,
    N_LATE,
    N_LOW_STAR,
    N_NIGHT,
    N_RECENTS,
    N_REVIEWS,
    N_VERIFIED,
    N_WEEKEND,
    NEWEST,
    NO_TIME,
    RATING_SUM,
    S_AMOUNT_MAX,
    Z_IDS,
    State,
)
from stream.pipeline.local_time import local_hour, weekday
from stream.pipeline.orders import apply_order
from stream.pipeline.panes import add_to_pane
from stream.pipeline.recents import recent_token, touch_recent
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
        apply_order(s, event, t, counts, sums)
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
            touch_recent(s, kind, token, t // 1000)
    _append_id(s, np.int64(event.event & np.uint64(ID_MASK)))


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
def _append_id(s: State, event: int) -> None:
    n = s.sizes[Z_IDS]
    if n == MAX_IDS:
        for i in range(n - 1):
            s.ids[i] = s.ids[i + 1]
        n -= 1
    s.ids[n] = event
    s.sizes[Z_IDS] = n + 1
