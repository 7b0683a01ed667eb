"""What an entity says at a moment: who else uses it, its orders, and what they turned out to be.

What became known is told by days of UTC, so that a run of frauds ends with the day of the first
honest verdict. Such a run says more than a share: what took hold of a seller or a device does not
let go from one order to the next.
"""

from typing import Any, Final

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.entity_index import find_user, first_of_user, index_users
from stream.pipeline.entity_state import (
    BY_DAY,
    BY_HOUR,
    E_EVENTS,
    E_FRAUDS,
    E_LABELS,
    E_ORDERS,
    FIRST_MS,
    LABELS_BY_DAY,
    LABELS_BY_HOUR,
    LEVELS,
    N_AGES,
    N_PENDING,
    N_USERS,
    P_FRAUDS,
    P_LABELS,
    P_ORDER,
    P_TIME,
    P_USER,
    P_VISIBLE,
    SAMPLE_LEVEL,
    Entity,
)
from stream.pipeline.layout import NO_TIME
from stream.pipeline.windows import DAY_MS, PANE_MS, in_window

QUESTIONS: Final = (
    "other_users_1d", "other_users_30d", "events_1d", "events_30d", "orders_1d", "orders_7d",
    "orders_30d", "amount_1d", "amount_30d", "labels_7d", "labels_30d", "frauds_1d", "frauds_7d",
    "frauds_30d", "age_ms", "since_fraud_ms", "since_first_fraud_ms", "labels_since_fraud",
    "fraud_run", "fraud_run_ms",
)  # fmt: skip
"""Times since frauds count from the start of the day on which they became known, within thirty
days; ``labels_since_fraud`` are verdicts on later days than that of the last fraud. ``fraud_run``
are the frauds of the newest days with verdicts on which nothing turned out honest, and
``fraud_run_ms`` the time since the first of these days."""

N_QUESTIONS: Final = len(QUESTIONS)
FRAUDS: Final = (11, 12, 13)


@kernel
def answer(e: Entity, t: int, user: int, lag_ms: int, out: Any) -> None:
    """Fill ``out`` (float64[N_QUESTIONS]) with what the entity says to a user at time ``t``."""
    out[:] = 0.0
    scale = float(1 << e.head[SAMPLE_LEVEL])
    in_day, in_month = 0, 0
    for i in range(e.head[N_USERS]):
        if e.users[i, 0] != user and e.users[i, 1] <= t:
            in_day += e.users[i, 2] > t - DAY_MS
            in_month += e.users[i, 2] > t - 30 * DAY_MS
    out[0], out[1] = scale * in_day, scale * in_month
    _answer_links(e, t, out)
    _answer_labels(e, t, out)
    if e.head[N_PENDING] > 0:
        index_users(e)
        _answer_pending(e, t, user, scale, out)
    _answer_days(e, t, out)
    for i in FRAUDS:  # the withdrawal of a label may outlive the label in a window
        out[i] = max(0.0, out[i])
    unseen = e.head[FIRST_MS] == NO_TIME or e.head[FIRST_MS] + lag_ms > t
    out[14] = np.nan if unseen else float(t - e.head[FIRST_MS])


@kernel
def _answer_links(e: Entity, t: int, out: Any) -> None:
    for i in range(e.n_panes[BY_HOUR]):
        if in_window(e.pane_at[BY_HOUR, i], LEVELS[BY_HOUR], t, DAY_MS):
            out[2] += e.pane_count[BY_HOUR, i, E_EVENTS]
            out[4] += e.pane_count[BY_HOUR, i, E_ORDERS]
            out[7] += e.pane_sum[BY_HOUR, i, 0]
    for i in range(e.n_panes[BY_DAY]):
        if in_window(e.pane_at[BY_DAY, i], LEVELS[BY_DAY], t, 30 * DAY_MS):
            out[3] += e.pane_count[BY_DAY, i, E_EVENTS]
            out[6] += e.pane_count[BY_DAY, i, E_ORDERS]
            out[8] += e.pane_sum[BY_DAY, i, 0]
            if in_window(e.pane_at[BY_DAY, i], LEVELS[BY_DAY], t, 7 * DAY_MS):
                out[5] += e.pane_count[BY_DAY, i, E_ORDERS]


@kernel
def _answer_labels(e: Entity, t: int, out: Any) -> None:
    """Count the frauds of the last day, and lay the verdicts of thirty days out by age in days."""
    hour, day = LABELS_BY_HOUR, LABELS_BY_DAY
    for i in range(e.n_panes[hour]):
        if in_window(e.pane_at[hour, i], LEVELS[hour], t, DAY_MS):
            out[11] += e.pane_count[hour, i, E_FRAUDS]
    e.by_age[:] = 0
    for i in range(e.n_panes[day]):
        if in_window(e.pane_at[day, i], LEVELS[day], t, 30 * DAY_MS):
            age = t // DAY_MS - e.pane_at[day, i]
            e.by_age[age, 0] += e.pane_count[day, i, E_LABELS]
            e.by_age[age, 1] += e.pane_count[day, i, E_FRAUDS]


@kernel
def _answer_days(e: Entity, t: int, out: Any) -> None:
    """Sum the verdicts of thirty days, newest first, and tell the frauds' place among them."""
    into_day = t % DAY_MS
    out[15:17] = np.nan
    out[19] = np.nan
    running = True
    for age in range(N_AGES):
        labels, frauds = e.by_age[age, 0], e.by_age[age, 1]
        if labels == 0 and frauds == 0:
            continue
        if age * DAY_MS + into_day < 7 * DAY_MS:
            out[9] += labels
            out[12] += frauds
        out[10] += labels
        out[13] += frauds
        if frauds > 0:
            out[16] = float(age * DAY_MS + into_day)
            if np.isnan(out[15]):
                out[15] = out[16]
                out[17] = out[10] - labels
        running = running and frauds > 0 and frauds >= labels
        if running:
            out[18] += frauds
            out[19] = out[16]
    if np.isnan(out[15]):
        out[17] = np.nan


@kernel
def _answer_pending(e: Entity, t: int, user: int, scale: float, out: Any) -> None:
    """Count the visible pending entries, by the panes that they will be folded into."""
    pending, mask = e.pending, (1 << e.head[SAMPLE_LEVEL]) - 1
    e.seen[:] = -1
    for i in range(e.head[N_PENDING]):
        is_label = pending[i, P_LABELS] != 0 or pending[i, P_FRAUDS] != 0
        if pending[i, P_VISIBLE] > t or (is_label and pending[i, P_VISIBLE] == t):
            continue  # what became known at the very moment was not known before
        time_ms = pending[i, P_TIME]
        hour, day = time_ms // PANE_MS[LEVELS[0]], time_ms // PANE_MS[LEVELS[1]]
        in_day = in_window(hour, LEVELS[0], t, DAY_MS)
        in_week = in_window(day, LEVELS[1], t, 7 * DAY_MS)
        in_month = in_window(day, LEVELS[1], t, 30 * DAY_MS)
        if is_label:
            out[11] += in_day * pending[i, P_FRAUDS]
            if in_month:
                e.by_age[t // DAY_MS - day, 0] += pending[i, P_LABELS]
                e.by_age[t // DAY_MS - day, 1] += pending[i, P_FRAUDS]
            continue
        if pending[i, P_USER] != user and pending[i, P_USER] & mask == 0:
            _answer_pending_user(e, i, t, scale, out)
        out[2] += in_day
        out[3] += in_month
        out[4] += in_day * pending[i, P_ORDER]
        out[5] += in_week * pending[i, P_ORDER]
        out[6] += in_month * pending[i, P_ORDER]
        out[7] += in_day * e.pending_amount[i]
        out[8] += in_month * e.pending_amount[i]


@kernel
def _answer_pending_user(e: Entity, i: int, t: int, scale: float, out: Any) -> None:
    """Count the user of a pending link, unless an earlier link of theirs is counted already."""
    time_ms = e.pending[i, P_TIME]
    in_day, in_month = time_ms > t - DAY_MS, time_ms > t - 30 * DAY_MS
    first = first_of_user(e, i)
    if first == i:
        e.last_ms[i] = time_ms
    else:
        in_day = in_day and e.last_ms[first] <= t - DAY_MS
        in_month = in_month and e.last_ms[first] <= t - 30 * DAY_MS
        e.last_ms[first] = max(e.last_ms[first], time_ms)
    at = find_user(e, e.pending[i, P_USER])
    if at >= 0 and e.users[at, 1] <= t:
        in_day = in_day and e.users[at, 2] <= t - DAY_MS
        in_month = in_month and e.users[at, 2] <= t - 30 * DAY_MS
    out[0] += scale * in_day
    out[1] += scale * in_month
