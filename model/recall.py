"""The vectors of past events straight from their packed records, as compiled loops.

A past event's vector is a sum of rows: of its look-ups, its hour of the week, its flags and its
amount. Only a text's sketch takes products.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from model.amounts import N_RAMPS, ramp
from model.codes import (
    CATEGORY_AT,
    N_CATEGORIES,
    N_LOOKUPS,
    N_SELLERS,
    NO_EVENT,
    NULL_CODE,
    NULL_RELATION,
    SELLER_AT,
    bucket,
    gap,
    has_sketch,
    same_things,
    step_code,
    unpack_sketch,
)
from model.loops import ROWS, add_product, add_row, add_rows, fill_rows, fused, up
from model.tokens import DAYS, HOURS

Floats = NDArray[np.float32]

N_HOURS: Final = 168
"""Hours of a week."""

UNKNOWN_AMOUNT: Final = N_RAMPS + 1


HOUR_AT: Final = N_LOOKUPS
LOW_AT: Final = HOUR_AT + N_HOURS
HIGH_AT: Final = LOW_AT + 256
AMOUNT_AT: Final = HIGH_AT + 256
RISE_AT: Final = AMOUNT_AT + UNKNOWN_AMOUNT + 1
N_PARTS: Final = 8
"""Rows that a past event's vector is summed from."""


class PastRows(NamedTuple):
    """The rows, all of length d, that past events' vectors are summed from.

    ``table`` holds the look-ups; from HOUR_AT on the hours of the week since 1970; from LOW_AT and
    HIGH_AT on the two bytes of flags; from AMOUNT_AT on the ends of the ramps over an amount's
    logarithm, the last where it is unknown, and from RISE_AT on the way from each to the next.
    ``sketch`` [32, d]; ``said`` [d] where there is a sketch; ``null`` [d] of the event that is
    always there; ``ramps`` [SIZE] those of `model.amounts`.
    """

    table: Floats
    sketch: Floats
    said: Floats
    null: Floats
    ramps: Floats

    @classmethod
    def of(cls, lookup: torch.Tensor, dense: torch.Tensor, ramps: Floats) -> "PastRows":
        """Build them from lookup [N_LOOKUPS, d] and dense [N_DENSE, d] of the network."""
        found, w = as_array(lookup), as_array(dense).astype(np.float64)
        hour = np.tile(HOURS, (7, 1)) @ w[42:46] + np.repeat(DAYS, 24, 0) @ w[46:48]
        bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
        nothing = np.zeros_like(w[:1])
        ends = np.concatenate([nothing, np.cumsum(w[34:42], 0)]) + w[33]
        ends, rise = np.concatenate([ends, nothing]), np.concatenate([w[34:42], nothing, nothing])
        table = np.concatenate([found, hour, bits @ w[48:56], bits @ w[56:64], ends, rise])
        null = found[NULL_CODE] + found[CATEGORY_AT] + found[SELLER_AT]
        return cls._make(part.astype(np.float32) for part in (table, w[:32], w[32], null, ramps))


def as_array(tensor: torch.Tensor) -> Floats:
    """Return a tensor as an array of float32 in the processor's memory."""
    found: Floats = np.ascontiguousarray(tensor.detach().cpu().float().numpy())
    return found


@fused
def recall(
    u8: Any, u16: Any, u32: Any, f32: Any, now_s: Any, category: Any, seller: Any,
    rows: Any, events: Any, turned: Any, relation: Any, sketch: Any, said: Any, said_at: Any,
) -> Any:  # fmt: skip
    """Write one event's past to events [k, d], turned [d, k] and relation [k]; return its length.

    The first is the null event; events that are not there are left out. ``u8`` to ``f32`` are
    views of PAST[K], ``rows`` PastRows; sketch [k, 32], said [k, d] and said_at [k] are memory to
    work in.
    """
    d = events.shape[1]
    at, share = np.empty(N_PARTS, np.int32), np.ones(N_PARTS, np.float32)
    n, n_said = 1, 0
    relation[0] = NULL_RELATION
    for j in range(d):
        events[0, j] = rows.null[j]
    for k in range(u8.shape[0]):
        step = u8[k, 0]
        if step == NO_EVENT:
            continue
        then: Any = np.int64(u32[k, 3])
        rise, part = _ramp(f32[k, 2], rows.ramps)
        share[N_PARTS - 1] = part
        at[0] = step_code(step, u8[k, 1])
        at[1] = bucket(u16[k, 2], CATEGORY_AT, N_CATEGORIES)
        at[2] = bucket(u16[k, 3], SELLER_AT, N_SELLERS)
        at[3] = HOUR_AT + (then // 3600) % N_HOURS
        at[4], at[5] = LOW_AT + (u16[k, 1] & 255), HIGH_AT + (u16[k, 1] >> 8)
        at[6], at[7] = AMOUNT_AT + rise, RISE_AT + rise
        events[n] = 0
        add_rows(rows.table, at, share, N_PARTS, events[n])
        if has_sketch(u32[k]):
            unpack_sketch(u8[k, 16:], sketch[n_said])
            said_at[n_said] = n
            n_said += 1
        relation[n] = 4 * gap(now_s - then) + same_things(u16[k], category, seller)
        n += 1
    if n_said:
        some = up(n_said, ROWS)
        fill_rows(said[:some], rows.said)
        add_product(sketch[:some], rows.sketch, said[:some])
        for i in range(n_said):
            add_row(events[said_at[i]], said[i])
    for k in range(n):
        for j in range(d):
            turned[j, k] = events[k, j]
    return n


@fused
def _ramp(amount: Any, ramps: Any) -> Any:
    """Return the ramp that an amount lies on and how far up it is, in [0, 1]."""
    if not amount >= 0:
        return UNKNOWN_AMOUNT, np.float32(0)
    return ramp(amount, ramps)
