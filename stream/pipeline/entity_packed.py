"""An entity's state as bytes."""

from typing import Any

from stream.pipeline.compiled import kernel
from stream.pipeline.entity_state import (
    ENTITY_VERSION,
    N_HEAD,
    N_HEAD_TIMES,
    N_PENDING,
    N_USERS,
    NEWEST_MS,
    P_FRAUDS,
    P_ORDER,
    P_TIME,
    P_USER,
    P_VISIBLE,
    Entity,
)
from stream.pipeline.layout import NO_TIME
from stream.pipeline.packing import get_bytes, get_real, get_signed, put_bytes, put_real, put_signed
from stream.pipeline.panes import pack_panes, unpack_panes


@kernel
def pack_entity(e: Entity, out: Any, at: int, real: Any, real_bytes: Any) -> int:
    """Write the entity at ``out[at]``; return the position after it."""
    head, users = e.head, e.users
    out[at] = ENTITY_VERSION
    at += 1
    for i in range(N_HEAD):
        shift = 1 if i < N_HEAD_TIMES else 0
        at = put_signed(out, at, 0 if head[i] == NO_TIME else head[i] + shift)
    for i in range(head[N_USERS]):
        at = put_bytes(out, at, users[i, 0], 6)
        at = put_signed(out, at, head[NEWEST_MS] - users[i, 2])
        at = put_signed(out, at, users[i, 2] - users[i, 1])
    n_panes, pane_at, pane_count, pane_sum = e.n_panes, e.pane_at, e.pane_count, e.pane_sum
    for level in range(4):
        at = pack_panes(
            n_panes[level], pane_at[level], pane_count[level], pane_sum[level],
            out, at, real, real_bytes,
        )  # fmt: skip
    pending, amounts = e.pending, e.pending_amount
    for i in range(head[N_PENDING]):
        at = put_signed(out, at, pending[i, P_VISIBLE])
        at = put_signed(out, at, pending[i, P_VISIBLE] - pending[i, P_TIME])
        at = put_bytes(out, at, pending[i, P_USER], 6)
        for j in range(P_ORDER, P_FRAUDS + 1):
            at = put_signed(out, at, pending[i, j])
        at = put_real(out, at, amounts[i], real, real_bytes)
    return at


@kernel
def unpack_entity(e: Entity, data: Any, at: int, real: Any, real_bytes: Any) -> None:
    """Read the entity that stands at ``data[at]``."""
    head, users = e.head, e.users
    at += 1
    e.is_indexed[0] = False
    for i in range(N_HEAD):
        value, at = get_signed(data, at)
        if i < N_HEAD_TIMES:
            value = NO_TIME if value == 0 else value - 1
        head[i] = value
    newest = head[NEWEST_MS]
    for i in range(head[N_USERS]):
        users[i, 0], at = get_bytes(data, at, 6)
        back, at = get_signed(data, at)
        lasted, at = get_signed(data, at)
        users[i, 2] = newest - back
        users[i, 1] = newest - back - lasted
    n_panes, pane_at, pane_count, pane_sum = e.n_panes, e.pane_at, e.pane_count, e.pane_sum
    for level in range(4):
        n_panes[level], at = unpack_panes(
            pane_at[level], pane_count[level], pane_sum[level], data, at, real, real_bytes
        )
    pending, amounts = e.pending, e.pending_amount
    for i in range(head[N_PENDING]):
        pending[i, P_VISIBLE], at = get_signed(data, at)
        lag, at = get_signed(data, at)
        pending[i, P_TIME] = pending[i, P_VISIBLE] - lag
        pending[i, P_USER], at = get_bytes(data, at, 6)
        for j in range(P_ORDER, P_FRAUDS + 1):
            pending[i, j], at = get_signed(data, at)
        amounts[i], at = get_real(data, at, real, real_bytes)
