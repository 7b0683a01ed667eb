"""A user's state as bytes: versioned, about 1 KB, nothing in it that depends on a model."""

from typing import Any

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import (
    AT_BAND,
    AT_CREDIT,
    AT_P_BAD,
    AT_VERSION,
    HEADER_BYTES,
    N_LIFE,
    N_REALS,
    N_RECENTS,
    N_TIMES,
    NO_TIME,
    PACKED_VERSION,
    PF_HAS_TEXT,
    Z_CREDIT,
    Z_IDS,
    Z_LABELS,
    Z_ORDERS,
    Z_P_BAD,
    Z_PAST,
    State,
)
from stream.pipeline.packing import (
    get_bytes,
    get_real,
    get_signed,
    get_varint,
    put_bytes,
    put_real,
    put_signed,
    put_varint,
)
from stream.pipeline.panes import pack_panes, unpack_panes
from stream.pipeline.windows import N_LEVELS

MAX_PACKED_BYTES = 24_576
"""More than any state can take: every list is bounded and a varint has at most ten bytes."""

PLAIN_PAST_BYTES = 16
PAST_BYTES = 32
EMPTY_SKETCH = 0x88


@kernel
def clear(s: State) -> None:
    """Make the state that of a user never seen before."""
    s.life[:] = 0
    s.life[:N_TIMES] = NO_TIME
    s.reals[:] = 0.0
    s.n_panes[:] = 0
    s.n_recent[:] = 0
    s.sizes[:] = 0


@kernel
def pack(s: State, out: Any, at: int, real: Any, real_bytes: Any) -> int:
    """Write the state at ``out[at]``; return the position after it."""
    out[at + AT_VERSION] = PACKED_VERSION
    put_bytes(out, at + AT_CREDIT, s.sizes[Z_CREDIT] >> 3, 2)
    out[at + AT_BAND] = s.sizes[Z_CREDIT] & 7
    put_bytes(out, at + AT_P_BAD, s.sizes[Z_P_BAD], 4)
    at += HEADER_BYTES
    for i in range(N_LIFE):
        value = s.life[i]
        at = put_signed(out, at, 0 if value == NO_TIME else value + (i < N_TIMES))
    mask = 0
    for i in range(N_REALS):
        mask |= (s.reals[i] != 0.0) << i
    at = put_varint(out, at, mask)
    for i in range(N_REALS):
        if s.reals[i] != 0.0:
            at = put_real(out, at, s.reals[i], real, real_bytes)
    for level in range(N_LEVELS):
        at = pack_panes(
            s.n_panes[level], s.pane_at[level], s.pane_count[level], s.pane_sum[level],
            out, at, real, real_bytes,
        )  # fmt: skip
    at = _pack_lists(s, out, at, real, real_bytes)
    at = put_varint(out, at, s.sizes[Z_PAST])
    for i in range(s.sizes[Z_PAST]):
        has_text = s.past[i, 2] & PF_HAS_TEXT
        n_bytes = PAST_BYTES if has_text else PLAIN_PAST_BYTES
        for j in range(n_bytes):
            out[at + j] = s.past[i, j]
        at += n_bytes
    return at


@kernel
def _pack_lists(s: State, out: Any, at: int, real: Any, real_bytes: Any) -> int:
    for kind in range(N_RECENTS):
        at = put_varint(out, at, s.n_recent[kind])
        for i in range(s.n_recent[kind]):
            at = put_bytes(out, at, s.recent[kind, i, 0], 4)
            at = put_signed(out, at, s.recent[kind, i, 1])
            at = put_signed(out, at, s.recent[kind, i, 2] - s.recent[kind, i, 1])
            at = put_varint(out, at, s.recent[kind, i, 3])
    at = put_varint(out, at, s.sizes[Z_ORDERS])
    for i in range(s.sizes[Z_ORDERS]):
        at = put_bytes(out, at, s.orders[i, 0], 4)
        at = put_signed(out, at, s.orders[i, 1])
        at = put_varint(out, at, s.orders[i, 2])
        at = put_real(out, at, s.order_amount[i], real, real_bytes)
    at = put_varint(out, at, s.sizes[Z_IDS])
    for i in range(s.sizes[Z_IDS]):
        at = put_bytes(out, at, s.ids[i], 6)
    at = put_varint(out, at, s.sizes[Z_LABELS])
    for i in range(s.sizes[Z_LABELS]):
        at = put_bytes(out, at, s.labels[i, 0], 4)
        at = put_signed(out, at, s.labels[i, 1])
        at = put_varint(out, at, s.labels[i, 2])
    return at


@kernel
def unpack(s: State, data: Any, at: int, real: Any, real_bytes: Any) -> None:
    """Read the state that stands at ``data[at]``."""
    credit, _ = get_bytes(data, at + AT_CREDIT, 2)
    s.sizes[Z_CREDIT] = credit * 8 + data[at + AT_BAND]
    s.sizes[Z_P_BAD], _ = get_bytes(data, at + AT_P_BAD, 4)
    at += HEADER_BYTES
    for i in range(N_LIFE):
        value, at = get_signed(data, at)
        if i < N_TIMES:
            value = NO_TIME if value == 0 else value - 1
        s.life[i] = value
    mask, at = get_varint(data, at)
    for i in range(N_REALS):
        s.reals[i] = 0.0
        if mask >> i & 1:
            s.reals[i], at = get_real(data, at, real, real_bytes)
    for level in range(N_LEVELS):
        s.n_panes[level], at = unpack_panes(
            s.pane_at[level], s.pane_count[level], s.pane_sum[level], data, at, real, real_bytes
        )
    at = _unpack_lists(s, data, at, real, real_bytes)
    s.sizes[Z_PAST], at = get_varint(data, at)
    for i in range(s.sizes[Z_PAST]):
        n_bytes = PAST_BYTES if data[at + 2] & PF_HAS_TEXT else PLAIN_PAST_BYTES
        for j in range(n_bytes):
            s.past[i, j] = data[at + j]
        for j in range(n_bytes, PAST_BYTES):
            s.past[i, j] = EMPTY_SKETCH
        at += n_bytes


@kernel
def _unpack_lists(s: State, data: Any, at: int, real: Any, real_bytes: Any) -> int:
    for kind in range(N_RECENTS):
        s.n_recent[kind], at = get_varint(data, at)
        for i in range(s.n_recent[kind]):
            s.recent[kind, i, 0], at = get_bytes(data, at, 4)
            s.recent[kind, i, 1], at = get_signed(data, at)
            lasted, at = get_signed(data, at)
            s.recent[kind, i, 2] = s.recent[kind, i, 1] + lasted
            s.recent[kind, i, 3], at = get_varint(data, at)
    s.sizes[Z_ORDERS], at = get_varint(data, at)
    for i in range(s.sizes[Z_ORDERS]):
        s.orders[i, 0], at = get_bytes(data, at, 4)
        s.orders[i, 1], at = get_signed(data, at)
        s.orders[i, 2], at = get_varint(data, at)
        s.order_amount[i], at = get_real(data, at, real, real_bytes)
    s.sizes[Z_IDS], at = get_varint(data, at)
    for i in range(s.sizes[Z_IDS]):
        s.ids[i], at = get_bytes(data, at, 6)
    s.sizes[Z_LABELS], at = get_varint(data, at)
    for i in range(s.sizes[Z_LABELS]):
        s.labels[i, 0], at = get_bytes(data, at, 4)
        s.labels[i, 1], at = get_signed(data, at)
        s.labels[i, 2], at = get_varint(data, at)
    return at
