"""All fields that a model reads beside the features: the shop's own, and words of the contract."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.attribute import Attribute
from model.attributes import Attributes
from model.profiling import (
    ALWAYS,
    MIN_KNOWN,
    MIN_ROWS,
    MIN_USERS,
    MOST_ROWS,
    MOST_VALUES,
    find_attributes,
)
from topics.columns import Rows
from topics.eventwords import COLUMN, STEP, STEPS, codes_of
from topics.scores import ScoreInput

NO_WORDS: Final[Mapping[str, str]] = {}


def find_fields(
    x: ScoreInput,
    users: NDArray[np.uint64],
    label: NDArray[np.int8],
    words: Mapping[str, str] | None = None,
) -> Attributes:
    """Choose the fields of ``n`` events; ``users`` and ``label`` are as in `find_attributes`.

    ``words`` has the words of tokens, as `topics.eventwords` finds them, for people to read. What
    is the same in all events is left out, and costs nothing. No label goes into any value.
    """
    found = find_attributes(x.attributes, users, label)
    step = max(1, -(-len(x) // MOST_ROWS))
    rows, whose = x.rows[::step], users[::step]
    own = [_profiled(name, rows, whose, words or NO_WORDS) for name in COLUMN]
    return replace(found, fields=(*found.fields, *(field for field in own if field)))


def _profiled(
    name: str, rows: Rows, users: NDArray[np.uint64], words: Mapping[str, str]
) -> Attribute | None:
    codes = codes_of(rows, name)
    has = codes > 0
    if has.sum() < MIN_ROWS:
        return None
    known, counts = np.unique(codes[has], return_counts=True)
    if has.mean() >= ALWAYS and len(known) == 1:
        return None
    pairs = np.unique(np.stack([codes[has].astype(np.uint64), users[has]]), axis=1)[0]
    n_users = np.unique(pairs, return_counts=True)[1]
    enough = min(MIN_USERS, len(np.unique(users)))
    often = np.flatnonzero((counts >= MIN_ROWS) & (n_users >= enough))
    kept = np.sort(often[np.argsort(-counts[often], kind="stable")][:MOST_VALUES])
    if counts[kept].sum() < MIN_KNOWN * counts.sum():
        return None
    tokens = known[kept].tolist()
    named = STEPS if name == STEP else {token: words.get(str(token), "") for token in tokens}
    values = tuple(named.get(token) or f"#{token:08x}" for token in tokens)
    shares = counts[kept] / counts.sum()
    return Attribute(
        name, "string", values[int(shares.argmax())], float(has.mean()), values,
        tuple(shares.tolist()), tuple(tokens), of_event=True,
    )  # fmt: skip
