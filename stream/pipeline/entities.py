"""A batch of touches through the states of the entities that users share."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.compiled import kernel, records
from stream.pipeline.entity_state import (
    E_EVENTS,
    E_FRAUDS,
    E_LABELS,
    E_ORDERS,
    ENTITY_VERSION,
    FIRST_MS,
    LEVELS,
    MAX_ENTITY_BYTES,
    N_ENTITY_COUNTS,
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
    add_pending,
    clear_entity,
    new_entity,
    pack_entity,
    unpack_entity,
)
from stream.pipeline.layout import NO_TIME
from stream.pipeline.users import cut
from stream.pipeline.windows import DAY_MS, PANE_MS, in_window
from topics.columns import Rows

TOUCH: Final = np.dtype(
    [
        ("entity", "u8"),  # token, mixed with the kind
        ("time_ms", "i8"),  # of a label: when it became known
        ("user", "i8"),  # 48 bits
        ("amount", "f8"),
        ("row", "i8"),  # of the result that a question fills; -1: nothing is asked
        ("labels", "i1"),  # by how much a label changes the counts
        ("frauds", "i1"),
        ("is_order", "u1"),
        ("adds", "u1"),  # whether the touch counts for later questions
    ],
    align=True,
)
"""One event or label at one entity."""

QUESTIONS: Final = (
    "other_users_1d", "other_users_30d", "events_1d", "events_30d", "orders_1d", "orders_7d",
    "orders_30d", "amount_1d", "amount_30d", "labels_7d", "labels_30d", "frauds_1d", "frauds_7d",
    "frauds_30d", "age_ms",
)  # fmt: skip
N_QUESTIONS: Final = len(QUESTIONS)
FRAUDS: Final = (11, 12, 13)
USER_MASK: Final = np.uint64((1 << 48) - 1)
KIND_SALT: Final = np.array(
    [0, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5,
     0x85EBCA77C2B2AE63], np.uint64,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class EntityResult:
    """Answers float64[n_rows, N_QUESTIONS] and the new packed states of the entities touched."""

    answers: NDArray[np.float64]
    packed: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def state(self, entity: int) -> bytes:
        """Return the packed state of the entity at this position of the batch."""
        return self.packed[self.ends[entity] : self.ends[entity + 1]].tobytes()

    def states(self) -> list[bytes]:
        """Return the packed states of all entities of the batch, in their order."""
        return cut(self.packed, self.ends)


def group_touches(touches: Rows) -> tuple[NDArray[np.uint64], Rows, NDArray[np.int64]]:
    """Sort touches by entity, keeping their order; return entities, touches and group starts."""
    touches = touches[np.argsort(touches["entity"], kind="stable")]
    tokens = touches["entity"]
    first = np.flatnonzero(np.r_[len(tokens) > 0, tokens[1:] != tokens[:-1]])
    starts = np.r_[first, len(tokens)].astype(np.int64)
    return tokens[starts[:-1]], touches, starts


def visit(
    touches: Rows,
    starts: NDArray[np.int64],
    states: list[bytes | None],
    n_rows: int,
    *,
    lag_ms: int,
    keep: bool = True,
) -> EntityResult:
    """Ask and update entities in the order of their touches (from `group_touches`).

    A link counts from its time plus ``lag_ms``, a label from when it became known. Answers of rows
    that no touch asks for are NaN. Without ``keep`` the new states are not packed. Raises
    ValueError for a state of another version.
    """
    for state in states:
        if state is not None and state[0] != ENTITY_VERSION:
            raise ValueError(
                f"entity state has version {state[0]}, this code reads {ENTITY_VERSION}: "
                "rebuild the states by reading the links anew under a new application id"
            )
    ends_in = np.zeros(len(states) + 1, np.int64)
    np.cumsum([0 if s is None else len(s) for s in states], out=ends_in[1:])
    data = np.frombuffer(b"".join(s for s in states if s is not None) + bytes(16), np.uint8)
    answers = np.full((n_rows, N_QUESTIONS), np.nan)
    # A touch adds few bytes, but one from far ahead makes all distances to the newest longer.
    room = int(ends_in[-1]) + 256 * len(touches) + 2_048 * len(states) + MAX_ENTITY_BYTES
    packed = np.empty(room if keep else 1, np.uint8)
    ends = np.zeros(len(states) + 1, np.int64)
    _visit(
        records(touches), starts, data, ends_in, new_entity(), lag_ms, keep, answers, packed, ends
    )
    return EntityResult(answers, packed, ends)


@kernel
def _visit(  # type: ignore[no-untyped-def]
    touches, starts, data, data_starts, e, lag_ms, keep, answers, packed, ends
) -> None:
    real = np.zeros(1, np.float64)
    real_bytes = real.view(np.uint8)
    counts = np.zeros(N_ENTITY_COUNTS, np.int64)
    sums = np.zeros(1, np.float64)
    at = 0
    for entity in range(len(starts) - 1):
        if data_starts[entity] == data_starts[entity + 1]:
            clear_entity(e)
        else:
            unpack_entity(e, data, data_starts[entity], real, real_bytes)
        for i in range(starts[entity], starts[entity + 1]):
            touch = touches[i]
            if touch.row >= 0:
                _answer(e, touch.time_ms, touch.user, lag_ms, answers[touch.row])
            if touch.adds:
                add_pending(e, touch, lag_ms, counts, sums)
        if keep:
            at = pack_entity(e, packed, at, real, real_bytes)
        ends[entity + 1] = at


@kernel
def _answer(e: Entity, t: int, user: int, lag_ms: int, out: Any) -> None:
    out[:] = 0.0
    scale = float(1 << e.head[SAMPLE_LEVEL])
    for i in range(e.head[N_USERS]):
        if e.users[i, 0] != user and e.users[i, 1] <= t:
            out[0] += scale * (e.users[i, 2] > t - DAY_MS)
            out[1] += scale * (e.users[i, 2] > t - 30 * DAY_MS)
    for i in range(e.n_panes[0]):
        if in_window(e.pane_at[0, i], LEVELS[0], t, DAY_MS):
            out[2] += e.pane_count[0, i, E_EVENTS]
            out[4] += e.pane_count[0, i, E_ORDERS]
            out[7] += e.pane_sum[0, i, 0]
            out[11] += e.pane_count[0, i, E_FRAUDS]
    for i in range(e.n_panes[1]):
        if in_window(e.pane_at[1, i], LEVELS[1], t, 30 * DAY_MS):
            out[3] += e.pane_count[1, i, E_EVENTS]
            out[6] += e.pane_count[1, i, E_ORDERS]
            out[8] += e.pane_sum[1, i, 0]
            out[10] += e.pane_count[1, i, E_LABELS]
            out[13] += e.pane_count[1, i, E_FRAUDS]
            if in_window(e.pane_at[1, i], LEVELS[1], t, 7 * DAY_MS):
                out[5] += e.pane_count[1, i, E_ORDERS]
                out[9] += e.pane_count[1, i, E_LABELS]
                out[12] += e.pane_count[1, i, E_FRAUDS]
    for i in range(e.head[N_PENDING]):
        if e.pending[i, P_VISIBLE] <= t:
            _answer_pending(e, i, t, user, scale, out)
    for i in FRAUDS:  # the withdrawal of a label may outlive the label in a window
        out[i] = max(0.0, out[i])
    unseen = e.head[FIRST_MS] == NO_TIME or e.head[FIRST_MS] + lag_ms > t
    out[14] = np.nan if unseen else float(t - e.head[FIRST_MS])


@kernel
def _answer_pending(e: Entity, i: int, t: int, user: int, scale: float, out: Any) -> None:
    """Count one visible pending entry, by the panes that it will be folded into."""
    hour = e.pending[i, P_TIME] // PANE_MS[LEVELS[0]]
    day = e.pending[i, P_TIME] // PANE_MS[LEVELS[1]]
    in_day = in_window(hour, LEVELS[0], t, DAY_MS)
    in_week = in_window(day, LEVELS[1], t, 7 * DAY_MS)
    in_month = in_window(day, LEVELS[1], t, 30 * DAY_MS)
    if e.pending[i, P_LABELS] != 0 or e.pending[i, P_FRAUDS] != 0:
        out[9] += in_week * e.pending[i, P_LABELS]
        out[10] += in_month * e.pending[i, P_LABELS]
        out[11] += in_day * e.pending[i, P_FRAUDS]
        out[12] += in_week * e.pending[i, P_FRAUDS]
        out[13] += in_month * e.pending[i, P_FRAUDS]
        return
    _answer_pending_user(e, i, t, user, scale, out)
    out[2] += in_day
    out[3] += in_month
    out[4] += in_day * e.pending[i, P_ORDER]
    out[5] += in_week * e.pending[i, P_ORDER]
    out[6] += in_month * e.pending[i, P_ORDER]
    out[7] += in_day * e.pending_amount[i]
    out[8] += in_month * e.pending_amount[i]


@kernel
def _answer_pending_user(e: Entity, i: int, t: int, user: int, scale: float, out: Any) -> None:
    """Count the user of a pending link, unless an earlier link of theirs is counted already."""
    other = e.pending[i, P_USER]
    if other == user or other & ((1 << e.head[SAMPLE_LEVEL]) - 1):
        return
    in_day = e.pending[i, P_TIME] > t - DAY_MS
    in_month = e.pending[i, P_TIME] > t - 30 * DAY_MS
    for j in range(i):
        is_link = e.pending[j, P_LABELS] == 0 and e.pending[j, P_FRAUDS] == 0
        if is_link and e.pending[j, P_USER] == other and e.pending[j, P_VISIBLE] <= t:
            in_day = in_day and e.pending[j, P_TIME] <= t - DAY_MS
            in_month = in_month and e.pending[j, P_TIME] <= t - 30 * DAY_MS
    for j in range(e.head[N_USERS]):
        if e.users[j, 0] == other and e.users[j, 1] <= t:
            in_day = in_day and e.users[j, 2] <= t - DAY_MS
            in_month = in_month and e.users[j, 2] <= t - 30 * DAY_MS
    out[0] += scale * in_day
    out[1] += scale * in_month
