"""What is known of something that users share.

That is a device, address, payment instrument, IP prefix, seller or review text: who used it and
when, its events in panes by hour and by day, and the labels of those events.

Distinct users are exact up to ``MAX_USERS`` and estimated above: then only users whose hash falls
below a threshold are kept, the threshold is halved as often as needed, and every kept user stands
for ``2 ** level`` (adaptive sampling, Flajolet 1990). Unlike a HyperLogLog the sample keeps each
user's first and last time, so that one sketch answers for every window and can leave one user out.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import NO_TIME
from stream.pipeline.panes import add_to_pane, copy_row
from stream.pipeline.windows import DAY_MS, MAX_PANES

MAX_USERS: Final = 256
MAX_PENDING: Final = 64
FOLD_AFTER_MS: Final = 10_000
"""How long a visible link is still kept with its own time, for partitions that lag behind."""

ENTITY_VERSION: Final = 1
LEVELS: Final = (1, 2, 1, 2)
E_EVENTS, E_ORDERS, E_LABELS, E_FRAUDS = range(4)
N_ENTITY_COUNTS: Final = 4
FIRST_MS, NEWEST_MS, NEWEST_LABEL_MS, N_USERS, SAMPLE_LEVEL, N_PENDING = range(6)
N_HEAD: Final = 6
N_HEAD_TIMES: Final = 3
BY_HOUR, BY_DAY, LABELS_BY_HOUR, LABELS_BY_DAY = range(4)
"""The rows of panes: of links, and of labels, which may run ahead of the links."""

P_VISIBLE, P_TIME, P_USER, P_ORDER, P_LABELS, P_FRAUDS = range(6)
N_PENDING_FIELDS: Final = 6
MAX_ENTITY_BYTES: Final = 40_960
N_AGES: Final = 30
"""Days that an answer looks back at."""

N_SLOTS: Final = 4 * MAX_USERS
N_SEEN: Final = 4 * MAX_PENDING


class Entity(NamedTuple):
    """One unpacked entity, reused; arrays that a kernel writes in place."""

    head: Any  # i8[N_HEAD]
    users: Any  # i8[MAX_USERS, 3]: token, first and last time
    n_panes: Any  # i8[4]: links by hour and by day, labels by hour and by day
    pane_at: Any  # i8[4, MAX_PANES]
    pane_count: Any  # i8[4, MAX_PANES, N_ENTITY_COUNTS]
    pane_sum: Any  # f8[4, MAX_PANES, 1]: amount
    pending: Any  # i8[MAX_PENDING, 6]
    pending_amount: Any  # f8[MAX_PENDING]
    by_age: Any  # i8[N_AGES, 2]: scratch of an answer, labels and frauds by age in days; not kept
    slots: Any  # i2[N_SLOTS]: scratch of answers, where each user stands in users, -1: nobody
    is_indexed: Any  # b1[1]: whether slots tell of users as they are
    seen: Any  # i2[N_SEEN]: scratch of an answer, the first pending link of each user, -1: none
    last_ms: Any  # i8[MAX_PENDING]: scratch of an answer, of such a link's user the newest time


def new_entity() -> Entity:
    """Return an empty entity to unpack into."""
    return Entity(
        np.zeros(N_HEAD, np.int64),
        np.zeros((MAX_USERS, 3), np.int64),
        np.zeros(4, np.int64),
        np.zeros((4, MAX_PANES), np.int64),
        np.zeros((4, MAX_PANES, N_ENTITY_COUNTS), np.int64),
        np.zeros((4, MAX_PANES, 1)),
        np.zeros((MAX_PENDING, N_PENDING_FIELDS), np.int64),
        np.zeros(MAX_PENDING),
        np.zeros((N_AGES, 2), np.int64),
        np.zeros(N_SLOTS, np.int16),
        np.zeros(1, np.bool_),
        np.zeros(N_SEEN, np.int16),
        np.zeros(MAX_PENDING, np.int64),
    )


@kernel
def clear_entity(e: Entity) -> None:
    """Make the entity one that nobody used yet."""
    e.head[:] = 0
    e.head[:N_HEAD_TIMES] = NO_TIME
    e.n_panes[:] = 0
    e.is_indexed[0] = False


@kernel
def add_user(e: Entity, user: int, time_ms: int) -> None:
    """Count a user of the entity at a time; forget users of more than thirty days ago."""
    if user & ((1 << e.head[SAMPLE_LEVEL]) - 1):
        return
    oldest = e.head[NEWEST_MS] - 31 * DAY_MS
    n = e.head[N_USERS]
    for i in range(n):
        if e.users[i, 0] == user:
            e.users[i, 1] = min(e.users[i, 1], time_ms)
            e.users[i, 2] = max(e.users[i, 2], time_ms)
            return
    e.is_indexed[0] = False
    if n == MAX_USERS:
        n = _keep(e, n, 0, oldest)
        while n == MAX_USERS:
            e.head[SAMPLE_LEVEL] += 1
            n = _keep(e, n, (1 << e.head[SAMPLE_LEVEL]) - 1, oldest)
        if user & ((1 << e.head[SAMPLE_LEVEL]) - 1):
            e.head[N_USERS] = n
            return
    e.users[n, 0] = user
    e.users[n, 1] = time_ms
    e.users[n, 2] = time_ms
    e.head[N_USERS] = n + 1


@kernel
def _keep(e: Entity, n: int, mask: int, oldest: int) -> int:
    kept = 0
    for i in range(n):
        if e.users[i, 0] & mask == 0 and e.users[i, 2] > oldest:
            copy_row(e.users, i, kept)
            kept += 1
    return kept


@kernel
def fold(e: Entity, i: int, counts: Any, sums: Any) -> None:
    """Move pending entry ``i`` into the panes and the users."""
    time_ms = e.pending[i, P_TIME]
    is_link = e.pending[i, P_LABELS] == 0 and e.pending[i, P_FRAUDS] == 0
    counts[E_EVENTS] = 1 if is_link else 0
    counts[E_ORDERS] = e.pending[i, P_ORDER]
    counts[E_LABELS] = e.pending[i, P_LABELS]
    counts[E_FRAUDS] = e.pending[i, P_FRAUDS]
    sums[0] = e.pending_amount[i]
    newest = e.head[NEWEST_MS]
    first = BY_HOUR
    if is_link:
        add_user(e, e.pending[i, P_USER], time_ms)
    else:
        newest = max(e.head[NEWEST_LABEL_MS], time_ms)
        e.head[NEWEST_LABEL_MS] = newest
        first = LABELS_BY_HOUR
    for at in range(first, first + 2):
        e.n_panes[at] = add_to_pane(
            e.n_panes[at], e.pane_at[at], e.pane_count[at], e.pane_sum[at],
            LEVELS[at], time_ms, newest, counts, sums, -1,
        )  # fmt: skip
    n = e.head[N_PENDING]
    for j in range(i, n - 1):
        copy_row(e.pending, j + 1, j)
        e.pending_amount[j] = e.pending_amount[j + 1]
    e.head[N_PENDING] = n - 1


@kernel
def add_pending(e: Entity, touch: Any, lag_ms: int, counts: Any, sums: Any) -> None:
    """Take a link or a label in; it counts from the time that it becomes visible.

    Both wait until the links have passed that time: labels may be far ahead of the events when a
    worker catches up, and must not count before.
    """
    is_label = touch.labels != 0 or touch.frauds != 0
    if not is_label:
        first = e.head[FIRST_MS]
        e.head[FIRST_MS] = touch.time_ms if first == NO_TIME else min(first, touch.time_ms)
        e.head[NEWEST_MS] = max(e.head[NEWEST_MS], touch.time_ms)
    i = 0
    while i < e.head[N_PENDING]:
        if e.pending[i, P_VISIBLE] + FOLD_AFTER_MS <= e.head[NEWEST_MS]:
            fold(e, i, counts, sums)
        else:
            i += 1
    if e.head[N_PENDING] == MAX_PENDING:
        soonest = 0
        for j in range(MAX_PENDING):
            if e.pending[j, P_VISIBLE] < e.pending[soonest, P_VISIBLE]:
                soonest = j
        fold(e, soonest, counts, sums)
    n = e.head[N_PENDING]
    e.pending[n, P_VISIBLE] = touch.time_ms + (0 if is_label else lag_ms)
    e.pending[n, P_TIME] = touch.time_ms
    e.pending[n, P_USER] = touch.user
    e.pending[n, P_ORDER] = touch.is_order
    e.pending[n, P_LABELS] = touch.labels
    e.pending[n, P_FRAUDS] = touch.frauds
    e.pending_amount[n] = touch.amount
    e.head[N_PENDING] = n + 1
