"""Events as the numbers the event Transformer reads: dense columns, look-ups and relations."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.amounts import ANY_AMOUNT, N_RAMPS, ramp
from model.codes import (
    ABSENT_CODE,
    ABSENT_RELATION,
    CATEGORY_AT,
    CHANNEL_AT,
    CURRENCY_AT,
    METHOD_AT,
    N_CATEGORIES,
    N_CODES,
    N_SELLERS,
    NO_EVENT,
    NULL_CODE,
    NULL_RELATION,
    SELLER_AT,
    bucket,
    gap,
    same_things,
    step_code,
    unpack_sketch,
)
from topics.columns import PAST, Rows
from topics.compiled import compiled

N_DENSE: Final = 64
"""Columns of a dense part: 32 of the text sketch, 1 whether there is text, 1 whether the amount is
known, 8 ramps over its logarithm (`model.amounts`), 4 of the hour, 2 of the weekday, 16 flags."""

AMOUNT: Final = slice(33, 42)
FLAGS: Final = slice(48, N_DENSE)
"""Where these stand among the columns; all of them are 0 to 1."""

_TURN: Final = 2 * np.pi * np.arange(24) / 24
HOURS: Final = np.stack(
    [np.sin(_TURN), np.cos(_TURN), np.sin(2 * _TURN), np.cos(2 * _TURN)], 1
).astype(np.float32)
_WEEK: Final = 2 * np.pi * np.arange(7) / 7
DAYS: Final = np.stack([np.sin(_WEEK), np.cos(_WEEK)], 1).astype(np.float32)


@dataclass(frozen=True, eq=False)
class PastTokens:
    """Past events behind a leading *null* event that attention may rest on.

    ``dense`` float32[n, k + 1, N_DENSE]; ``lookup`` int32[n, k + 1, 3] rows of the look-up table;
    ``relation`` int32[n, k + 1] the time gap to the current event in half octaves, and whether
    the two share the category and the seller.
    """

    dense: NDArray[np.float32]
    lookup: NDArray[np.int32]
    relation: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class EventTokens:
    """Current events: ``dense`` float32[n, N_DENSE] and ``lookup`` int32[n, 6] of the look-ups."""

    dense: NDArray[np.float32]
    lookup: NDArray[np.int32]


@compiled
def _write_dense(
    out: Any, sketch: Any, amount: float, time_s: int, flags: int, ramps: Any, hours: Any, days: Any
) -> None:
    if unpack_sketch(sketch, out):
        out[32] = 1.0
    else:
        out[:33] = 0.0
    out[33] = 0.0
    for j in range(N_RAMPS):
        out[34 + j] = 0.0
    if amount >= 0:
        out[33] = 1.0
        last, share = ramp(np.float32(amount), ramps)
        for j in range(last):
            out[34 + j] = 1.0
        out[34 + last] = share
    hour = (time_s // 3600) % 24
    day = (time_s // 86400) % 7
    for j in range(4):
        out[42 + j] = hours[hour, j]
    out[46] = days[day, 0]
    out[47] = days[day, 1]
    for j in range(16):
        out[48 + j] = np.float32((flags >> j) & 1)


@compiled
def _write_past(
    u8: Any, u16: Any, u32: Any, f32: Any, now_s: Any, category: Any, seller: Any,
    dense: Any, lookup: Any, relation: Any, ramps: Any, hours: Any, days: Any,
) -> None:  # fmt: skip
    for i in range(dense.shape[0]):
        dense[i, 0, :] = 0.0
        lookup[i, 0, 0] = NULL_CODE
        lookup[i, 0, 1] = CATEGORY_AT
        lookup[i, 0, 2] = SELLER_AT
        relation[i, 0] = NULL_RELATION
        for k in range(dense.shape[1] - 1):
            at = k + 1
            step = u8[i, k, 0]
            if step == NO_EVENT:
                dense[i, at, :] = 0.0
                lookup[i, at, 0] = ABSENT_CODE
                lookup[i, at, 1] = CATEGORY_AT
                lookup[i, at, 2] = SELLER_AT
                relation[i, at] = ABSENT_RELATION
                continue
            then: Any = np.int64(u32[i, k, 3])
            _write_dense(
                dense[i, at], u8[i, k, 16:], f32[i, k, 2], then, u16[i, k, 1], ramps, hours, days
            )
            lookup[i, at, 0] = step_code(step, u8[i, k, 1])
            lookup[i, at, 1] = bucket(u16[i, k, 2], CATEGORY_AT, N_CATEGORIES)
            lookup[i, at, 2] = bucket(u16[i, k, 3], SELLER_AT, N_SELLERS)
            same = same_things(u16[i, k], category[i], seller[i])
            relation[i, at] = 4 * gap(now_s[i] - then) + same


@compiled
def _write_events(rows: Any, dense: Any, lookup: Any, ramps: Any, hours: Any, days: Any) -> None:
    for i in range(len(rows)):
        row = rows[i]
        flags = 0
        flags |= (row["device"] != 0) << 0
        flags |= (row["address"] != 0) << 1
        flags |= (row["billing"] != 0) << 2
        flags |= (row["instrument"] != 0) << 3
        flags |= (row["ip"] != 0) << 4
        flags |= (row["seller"] != 0) << 5
        flags |= (row["sku"] != 0) << 6
        flags |= (row["session"] != 0) << 7
        flags |= (row["text"] != 0) << 8
        flags |= (row["account_created_ms"] != 0) << 9
        flags |= (row["verified"] != 0) << 10
        flags |= (row["billing"] != 0 and row["address"] != row["billing"]) << 11
        time_s: Any = row["time_ms"] // 1000
        amount: Any = np.float32(row["amount"])
        _write_dense(dense[i], row["sketch"], amount, time_s, flags, ramps, hours, days)
        lookup[i, 0] = step_code(row["step"], row["rating"])
        lookup[i, 1] = bucket(row["category"] & 0xFFFF, CATEGORY_AT, N_CATEGORIES)
        lookup[i, 2] = bucket(row["seller"] & 0xFFFF, SELLER_AT, N_SELLERS)
        lookup[i, 3] = bucket(row["method"] & 0xFFFF, METHOD_AT, N_CODES)
        lookup[i, 4] = bucket(row["channel"] & 0xFFFF, CHANNEL_AT, N_CODES)
        lookup[i, 5] = bucket(row["currency"] & 0xFFFF, CURRENCY_AT, N_CODES)


def past_tokens(
    past: Rows, rows: Rows, depth: int, ramps: NDArray[np.float32] = ANY_AMOUNT
) -> PastTokens:
    """Unpack the newest ``depth`` past events of each current event; ``ramps`` are of amounts.

    ``past`` is PAST[n, K] with K >= depth, newest first, step 255 where there is none; its
    ``category`` and ``seller`` hold the low 16 bits of the tokens in ``rows`` (EVENT[n]).

    >>> from topics.columns import EVENT
    >>> past = np.zeros((1, 3), PAST); past["step"] = [[8, 10, 255]]; past["time_s"] = 100
    >>> rows = np.zeros(1, EVENT); rows["time_ms"] = 107_000
    >>> past_tokens(past, rows, 3).relation.tolist() == [[NULL_RELATION, 24, 24, ABSENT_RELATION]]
    True
    """
    n = len(rows)
    packed = np.ascontiguousarray(past[:, :depth])
    raw = packed.view(np.uint8).reshape(n, depth, PAST.itemsize)
    tokens = PastTokens(
        np.empty((n, depth + 1, N_DENSE), np.float32),
        np.empty((n, depth + 1, 3), np.int32),
        np.empty((n, depth + 1), np.int32),
    )
    _write_past(
        raw, raw.view(np.uint16), raw.view(np.uint32), raw.view(np.float32),
        rows["time_ms"] // 1000, rows["category"].astype(np.uint16),
        rows["seller"].astype(np.uint16),
        tokens.dense, tokens.lookup, tokens.relation, ramps, HOURS, DAYS,
    )  # fmt: skip
    return tokens


def event_tokens(rows: Rows, ramps: NDArray[np.float32] = ANY_AMOUNT) -> EventTokens:
    """Unpack the current events, EVENT[n]; the flags say which fields are there at all."""
    n = len(rows)
    tokens = EventTokens(np.empty((n, N_DENSE), np.float32), np.empty((n, 6), np.int32))
    _write_events(rows, tokens.dense, tokens.lookup, ramps, HOURS, DAYS)
    return tokens
