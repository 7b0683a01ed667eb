"""Steps, categories, sellers and gaps in time as rows of the event Transformer's look-ups."""

from typing import Final

import numpy as np

from topics.compiled import compiled
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
