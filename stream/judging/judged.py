"""Decided events beside what became known of them: what every metric is computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Segment:
    """A column that splits the events: ``codes`` int[n] into ``names``, -1 for no value."""

    codes: NDArray[Any]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Judged:
    """``n`` decided events, each a row of every array; smaller types of number may be used.

    ``day`` int, the UTC day of the event since 1970; ``user`` uint64 tokens or small codes;
    ``type`` and ``action`` uint8, codes of ``EVENT_TYPES`` and ``ACTIONS``; ``score`` float, what
    ranks; ``p`` float, the probability of fraud, NaN where there is none; ``label`` int8: 1 fraud,
    0 legitimate or counted as such, -1 left out; ``kind`` and ``scenario``: codes of ``kinds`` and
    ``scenarios``, -1 for none; ``amount`` float in one currency, NaN where unknown. ``segments``
    are the further columns to split by. ``n_cold`` events more were decided of users whose history
    is not covered.

    Raises ValueError where the lengths differ or a score is NaN.
    """

    day: NDArray[Any]
    user: NDArray[Any]
    type: NDArray[np.uint8]
    score: NDArray[Any]
    p: NDArray[Any]
    action: NDArray[np.uint8]
    label: NDArray[np.int8]
    kind: NDArray[Any]
    scenario: NDArray[Any]
    amount: NDArray[Any]
    kinds: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    segments: Mapping[str, Segment] = field(default_factory=dict)
    n_cold: int = 0

    def __post_init__(self) -> None:
        lengths = {name: len(array) for name, array in self.arrays().items()}
        lengths |= {name: len(segment.codes) for name, segment in self.segments.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        if np.isnan(self.score).any():
            raise ValueError("a score is NaN, and every decided event has a rank")

    def __len__(self) -> int:
        return len(self.day)

    def take(self, at: NDArray[Any]) -> "Judged":
        """Return the rows ``at``, int64[m] or bool[n]; this very object where a mask keeps all."""
        if at.dtype == np.bool_ and at.all():
            return self
        segments = {
            name: Segment(segment.codes[at], segment.names)
            for name, segment in self.segments.items()
        }
        arrays = {name: array[at] for name, array in self.arrays().items()}
        return replace(self, **arrays, segments=segments)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name, without the segments."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS: Final = tuple(
    f.name for f in fields(Judged) if f.name not in {"kinds", "scenarios", "segments", "n_cold"}
)
"""The names of the columns that all events have."""


@dataclass(frozen=True, eq=False)
class Cases:
    """What ranks and rates ``n`` labelled events: the columns of one block of metrics.

    ``fraud`` bool; ``user`` int32, codes below ``n_users``; ``score``, ``p`` and ``amount`` as in
    ``Judged``.
    """

    score: NDArray[Any]
    p: NDArray[Any]
    fraud: NDArray[np.bool_]
    user: NDArray[np.int32]
    n_users: int
    amount: NDArray[Any]

    def __len__(self) -> int:
        return len(self.score)

    def take(self, at: NDArray[Any]) -> "Cases":
        """Return the rows ``at``, int64[m] or bool[n]; this very object where a mask keeps all."""
        if at.dtype == np.bool_ and at.all():
            return self
        user, n_users = user_codes(self.user[at])
        return Cases(self.score[at], self.p[at], self.fraud[at], user, n_users, self.amount[at])


def cases_of(judged: Judged) -> Cases:
    """Return the columns that rank and rate events that are all labelled."""
    user, n_users = user_codes(judged.user)
    return Cases(judged.score, judged.p, judged.label == 1, user, n_users, judged.amount)


def user_codes(user: NDArray[Any]) -> tuple[NDArray[np.int32], int]:
    """Return a small number for each user, int32[n] in order of appearance, and how many.

    >>> user_codes(np.array([9_000_000_000, 4, 9_000_000_000], np.uint64))
    (array([0, 1, 0], dtype=int32), 2)
    """
    found = pa.array(user).dictionary_encode()
    codes: NDArray[np.int32] = found.indices.to_numpy(zero_copy_only=False)
    return codes, len(found.dictionary)
