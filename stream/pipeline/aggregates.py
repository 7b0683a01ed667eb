"""What a user's state says at one event: raw aggregates, from which features are computed.

Everything here is read before the event is applied. ``NAMES`` is the order of the columns.
"""

from typing import Any, Final

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import (
    ACCOUNT_CREATED,
    AMOUNT_M2,
    AMOUNT_MEAN,
    COUNTS,
    FIRST_SEEN,
    HOURS,
    LIFE,
    N_COUNTS,
    N_EVENTS,
    N_FRAUD_LABELS,
    N_LABELS,
    N_LIFE,
    N_ORDERS,
    N_REALS,
    N_RECENTS,
    N_SUMS,
    N_TIMES,
    NEWEST,
    NO_TIME,
    REALS,
    RECENTS,
    S_AMOUNT_MAX,
    SUMS,
    Z_LABELS,
    Z_ORDERS,
    State,
)
from stream.pipeline.local_time import local_hour, weekday
from stream.pipeline.orders import find_order
from stream.pipeline.recents import TOKEN_MASK, recent_token
from stream.pipeline.windows import (
    DAY_MS,
    LATENESS_MS,
    WINDOW_LEVEL,
    WINDOW_MS,
    WINDOWS,
    in_window,
)

N_WINDOWS: Final = len(WINDOWS)
WINDOW_COLUMNS: Final = N_COUNTS + N_SUMS
RECENT_COLUMNS: Final = ("known", "age_ms", "n_1d", "n_30d", "n_uses")

_WINDOW_NAMES = tuple(f"{name}_{w}" for w in WINDOWS for name in COUNTS + SUMS)
_BEFORE_NAMES = tuple(f"{name}_week_before" for name in COUNTS + SUMS)
_SINCE_NAMES = tuple(f"since_{name.removesuffix('_ms')}_ms" for name in LIFE[:N_TIMES])
_RECENT_NAMES = tuple(f"{kind}_{name}" for kind in RECENTS for name in RECENT_COLUMNS)
_REST_NAMES = (
    "amount_std", "same_hour_share", "order_known", "since_placed_ms", "placed_amount",
    "order_statuses", "n_open_orders", "hour", "weekday", "visible_labels",
    "visible_fraud_labels", "since_fraud_label_ms", "is_late", "is_warm",
)  # fmt: skip

NAMES: Final = (
    _SINCE_NAMES + LIFE[N_TIMES:] + REALS + _WINDOW_NAMES + _BEFORE_NAMES + _RECENT_NAMES
    + _REST_NAMES
)  # fmt: skip
N_AGGREGATES: Final = len(NAMES)
COLUMN: Final = {name: i for i, name in enumerate(NAMES)}

_AT_REALS: Final = N_LIFE
_AT_WINDOWS: Final = _AT_REALS + N_REALS
N_SHORT: Final = 2
_AT_SHORT: Final = (_AT_WINDOWS, _AT_WINDOWS + WINDOW_COLUMNS)
_AT_7D: Final = _AT_WINDOWS + 2 * WINDOW_COLUMNS
_AT_30D: Final = _AT_WINDOWS + 3 * WINDOW_COLUMNS
_AT_BEFORE: Final = _AT_WINDOWS + N_WINDOWS * WINDOW_COLUMNS
_AT_RECENT: Final = _AT_BEFORE + WINDOW_COLUMNS
_AT_REST: Final = _AT_RECENT + N_RECENTS * len(RECENT_COLUMNS)
AT_IS_LATE: Final = COLUMN["is_late"]
AT_IS_WARM: Final = COLUMN["is_warm"]
AT_HOUR: Final = COLUMN["hour"]
AT_WEEKDAY: Final = COLUMN["weekday"]

WARM_MS: Final = 30 * DAY_MS


@kernel
def aggregate(s: State, event: Any, zone_ms: int, out: Any) -> None:
    """Fill ``out`` (float64[N_AGGREGATES]) with what the state says before this event."""
    t = event.time_ms
    for i in range(N_TIMES):
        out[i] = np.nan if s.life[i] == NO_TIME else float(t - s.life[i])
    for i in range(N_TIMES, N_LIFE):
        out[i] = float(s.life[i])
    for i in range(N_REALS):
        out[_AT_REALS + i] = s.reals[i]
    _windows(s, t, out)
    for kind in range(N_RECENTS):
        _recent(s, kind, recent_token(event, kind), t, out)
    _rest(s, event, t, zone_ms, out)


@kernel
def _windows(s: State, t: int, out: Any) -> None:
    for i in range(_AT_WINDOWS, _AT_RECENT):
        out[i] = 0.0
    for w in range(N_SHORT):
        level = WINDOW_LEVEL[w]
        for i in range(s.n_panes[level]):
            if in_window(s.pane_at[level, i], level, t, WINDOW_MS[w]):
                _add_pane(s.pane_count[level, i], s.pane_sum[level, i], _AT_SHORT[w], out)
    for i in range(s.n_panes[2]):  # one pass for all that is made of days
        start = s.pane_at[2, i] * DAY_MS
        if start <= t - 30 * DAY_MS or start > t:
            continue
        _add_pane(s.pane_count[2, i], s.pane_sum[2, i], _AT_30D, out)
        if start > t - 7 * DAY_MS:
            _add_pane(s.pane_count[2, i], s.pane_sum[2, i], _AT_7D, out)
        elif start > t - 14 * DAY_MS:
            _add_pane(s.pane_count[2, i], s.pane_sum[2, i], _AT_BEFORE, out)


@kernel
def _add_pane(counts: Any, sums: Any, at: int, out: Any) -> None:
    for c in range(N_COUNTS):
        out[at + c] += counts[c]
    for x in range(N_SUMS):
        if x == S_AMOUNT_MAX:
            out[at + N_COUNTS + x] = max(out[at + N_COUNTS + x], sums[x])
        else:
            out[at + N_COUNTS + x] += sums[x]


@kernel
def _recent(s: State, kind: int, token: int, t: int, out: Any) -> None:
    at = _AT_RECENT + kind * 5
    seconds = t // 1000
    recent = s.recent[kind]
    day = 0
    month = 0
    found = -1
    for i in range(s.n_recent[kind]):  # without branches, which would be guessed wrong
        begun = 1 if recent[i, 1] <= seconds else 0
        day += begun if recent[i, 2] > seconds - 86_400 else 0
        month += begun if recent[i, 2] > seconds - 30 * 86_400 else 0
        found = i if recent[i, 0] == token else found
    out[at + 2] = day
    out[at + 3] = month
    if token == 0:
        out[at] = np.nan
        out[at + 1] = np.nan
        out[at + 4] = np.nan
        return
    out[at] = 1.0 if found >= 0 else 0.0
    out[at + 1] = 0.0 if found < 0 else 1000.0 * max(0, seconds - s.recent[kind, found, 1])
    out[at + 4] = 0.0 if found < 0 else float(s.recent[kind, found, 3])


@kernel
def _rest(s: State, event: Any, t: int, zone_ms: int, out: Any) -> None:
    at = _AT_REST
    n_orders = s.life[N_ORDERS]
    out[at] = np.nan if n_orders < 2 else np.sqrt(s.reals[AMOUNT_M2] / (n_orders - 1))
    hour = local_hour(t, zone_ms)
    n_events = s.life[N_EVENTS]
    out[at + 1] = np.nan if n_events == 0 else s.life[HOURS + hour // 3] / n_events
    found = find_order(s, event.order) if event.order != 0 else -1
    out[at + 2] = 1.0 if found >= 0 else 0.0
    out[at + 3] = np.nan if found < 0 else 1000.0 * max(0, t // 1000 - s.orders[found, 1])
    out[at + 4] = np.nan if found < 0 else s.order_amount[found]
    out[at + 5] = 0.0 if found < 0 else float(s.orders[found, 2])
    n_open = 0
    for i in range(s.sizes[Z_ORDERS]):
        n_open += (s.orders[i, 2] & 0b1111000) == 0
    out[at + 6] = n_open
    out[at + 7] = hour
    out[at + 8] = weekday(t, zone_ms)
    _labels(s, event, t, out)
    newest = s.life[NEWEST]
    out[at + 12] = 1.0 if newest != NO_TIME and t < newest - LATENESS_MS else 0.0
    out[at + 13] = 1.0 if _is_warm(s, event, t) else 0.0
    if s.life[ACCOUNT_CREATED] == NO_TIME and event.account_created_ms != 0:
        out[ACCOUNT_CREATED] = float(t - event.account_created_ms)
    if s.life[FIRST_SEEN] == NO_TIME:
        out[FIRST_SEEN] = 0.0
        out[_AT_REALS + AMOUNT_MEAN] = np.nan


@kernel
def _labels(s: State, event: Any, t: int, out: Any) -> None:
    """Count the labels known before ``t``; others, and one about the event itself, are no past."""
    at = _AT_REST + 9
    own = np.int64(event.event & np.uint64(TOKEN_MASK))
    n_labels = s.life[N_LABELS]
    n_fraud = s.life[N_FRAUD_LABELS]
    newest = NO_TIME
    for i in range(s.sizes[Z_LABELS]):
        if s.labels[i, 1] >= t or (own != 0 and s.labels[i, 0] == own):
            n_labels -= 1
            n_fraud -= s.labels[i, 2]
        elif s.labels[i, 2]:
            newest = max(newest, s.labels[i, 1])
    out[at] = n_labels
    out[at + 1] = n_fraud
    out[at + 2] = np.nan if newest == NO_TIME else float(t - newest)


@kernel
def _is_warm(s: State, event: Any, t: int) -> Any:
    """Whether the windows are full: 30 days seen, or the account seen since it was opened."""
    first = t if s.life[FIRST_SEEN] == NO_TIME else min(t, s.life[FIRST_SEEN])
    created = s.life[ACCOUNT_CREATED]
    if created == NO_TIME and event.account_created_ms != 0:
        created = event.account_created_ms
    return t - first >= WARM_MS or (created != NO_TIME and first - created <= DAY_MS)
