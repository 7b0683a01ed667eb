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
NO_SKETCH: Final = np.uint32(0x88888888)
"""Four bytes of a sketch without a text."""

ABSENT_CODE: Final = N_CODES - 1
NULL_CODE: Final = N_CODES - 2

N_GAPS: Final = 48
"""Half octaves of seconds between a past event and the current one; the last from 194 days on."""

_ROOT: Final = 3474675
"""The fraction's bits of the square root of 2 in float32."""

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
    bits: Any = np.float32(1 + max(seconds, 0)).view(np.int32)
    octaves, fraction = (bits >> 23) - 127, bits & 0x7FFFFF
    half = 1 if fraction > _ROOT else 0
    return min(2 * int(octaves) + half, N_GAPS - 1)


@inlined
def same_things(past: Any, category: Any, seller: Any) -> Any:
    """Return 1 where a past event has the current one's category, plus 2 where the seller.

    ``past`` uint16[16] is a view of a PAST; 0 is no category, or no seller.
    """
    same_category = 1 if (past[2] != 0) & (past[2] == category) else 0
    return same_category + (2 if (past[3] != 0) & (past[3] == seller) else 0)


@inlined
def has_sketch(words: Any) -> Any:
    """Tell whether there is a text; words uint32[8] is a view of a PAST."""
    return (
        (words[4] != NO_SKETCH)
        | (words[5] != NO_SKETCH)
        | ((words[6] != NO_SKETCH) | (words[7] != NO_SKETCH))
    )


@inlined
def unpack_sketch(packed: Any, out: Any) -> Any:
    """Write a text's sketch, 16 bytes, to out [32] and return True; False: there is no text."""
    some = 0
    for j in range(16):
        some |= packed[j] ^ 0x88
    if some == 0:
        return False
    for j in range(16):
        byte = packed[j]
        out[2 * j] = np.float32(0.25) * (np.float32(byte & 15) - np.float32(8))
        out[2 * j + 1] = np.float32(0.25) * (np.float32(byte >> 4) - np.float32(8))
    return True
