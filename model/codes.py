"""Steps, categories, sellers, gaps in time and sketches as the event Transformer reads them."""

from typing import Any, Final

import numpy as np

from topics.compiled import compiled, inlined
from topics.vocabulary import N_STEPS, REVIEWED

N_CATEGORIES: Final = 1024
N_SELLERS: Final = 2048
N_CODES: Final = 32
"""Rows of a small look-up: steps (a review's rating included), methods, channels, currencies."""

NO_EVENT: Final = 255
ABSENT_CODE: Final = N_CODES - 1
NULL_CODE: Final = N_CODES - 2

N_GAPS: Final = 48
"""Half octaves of seconds between a past event and the current one; the last from 194 days on."""

N_RELATIONS: Final = 4 * N_GAPS + 2
NULL_RELATION: Final = 4 * N_GAPS
ABSENT_RELATION: Final = 4 * N_GAPS + 1

CATEGORY_AT: Final = N_CODES
SELLER_AT: Final = CATEGORY_AT + N_CATEGORIES
METHOD_AT: Final = SELLER_AT + N_SELLERS
CHANNEL_AT: Final = METHOD_AT + N_CODES
CURRENCY_AT: Final = CHANNEL_AT + N_CODES
N_LOOKUPS: Final = CURRENCY_AT + N_CODES
"""Rows of the one table that holds all look-ups, one block after another."""


@compiled
def bucket(token: int, first: int, size: int) -> int:
    """Return the row of a token in a block of ``size`` rows from ``first``; 0 is the first."""
    return first if token == 0 else first + 1 + token % (size - 1)


@compiled
def step_code(step: int, rating: int) -> int:
    """Return the row of a step, for a review that of its rating."""
    if step < REVIEWED:
        return step
    return REVIEWED + min(rating, 5) if step < N_STEPS else ABSENT_CODE


@compiled
def gap(seconds: int) -> int:
    """Return seconds in half octaves, at most N_GAPS - 1."""
    return min(int(2 * np.log2(np.float32(1 + max(seconds, 0)))), N_GAPS - 1)


@inlined
def same_things(past: Any, category: Any, seller: Any) -> Any:
    """Return 1 where a past event has the current one's category, plus 2 where the seller.

    ``past`` uint16[16] is a view of a PAST; 0 is no category, or no seller.
    """
    same = 0
    if past[2] != 0 and past[2] == category:
        same |= 1
    if past[3] != 0 and past[3] == seller:
        same |= 2
    return same


@inlined
def unpack_sketch(packed: Any, out: Any) -> Any:
    """Write a text's sketch, 16 bytes, to out [32]; return whether there is a text."""
    some = 0
    for j in range(16):
        byte = packed[j]
        some |= byte ^ 0x88
        out[2 * j] = np.float32(0.25) * (np.float32(byte & 15) - np.float32(8))
        out[2 * j + 1] = np.float32(0.25) * (np.float32(byte >> 4) - np.float32(8))
    return some != 0
