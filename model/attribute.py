"""One field of events as columns of numbers, the same in training, replay and the worker.

A number is its own column, unknown where it is missing; a boolean is 0 or 1. A string has two
columns, neither of which knows an outcome: its place among the known values in the order of the
alphabet (`RARE` for all others), and how frequent its value was in training (0 for all others).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.freefields import RARE_VALUE, FreeField, FreeFields, Kind, number_of, text_of

RARE: Final = -1.0
"""The place of a string that is none of the known values; that of a missing one is unknown."""

ENDINGS: Final[dict[Kind, tuple[str, ...]]] = {
    "number": ("",), "boolean": ("",), "string": (".place", ".share"), "given": (".given",),
}  # fmt: skip
_PLAIN: Final = {float, int, bool, type(None)}
_LARGEST: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Attribute(FreeField):
    """A field that a model reads; ``present`` is the share of training events that had it.

    ``values`` are the known ones of a string in the order of the alphabet, ``shares`` how many of
    the events with the field had each. Of a word of the contract they are in the order of their
    ``tokens``, the codes by which events have them.
    """

    present: float
    values: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()

    @cached_property
    def _read(self) -> dict[str, tuple[float, float]]:
        """What the columns hold for each known string."""
        pairs = zip(self.values, self.shares, strict=True)
        return {value: (float(at), share) for at, (value, share) in enumerate(pairs)}

    @cached_property
    def _coded(self) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
        """The codes, and what the columns hold for each, for all others and for none."""
        pairs = [(float(at), share) for at, share in enumerate(self.shares)]
        pairs += [(RARE, 0.0), (nan, nan)]
        return np.array(self.tokens, np.uint32), np.array(pairs, np.float32)

    def of_codes(self, codes: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return the columns of ``n`` words by their codes, 0 where missing, float32[n, 2]."""
        known, pairs = self._coded
        at = np.minimum(known.searchsorted(codes), len(known) - 1)
        at = np.where(known.take(at) == codes, at, len(known))
        at[codes == 0] = len(known) + 1
        return pairs.take(at, 0)

    def usual_columns(self) -> NDArray[np.float32]:
        """Return what the columns of a string hold for its most frequent value, float32[2]."""
        if self.of_event:
            at = self.values.index(str(self.usual))
            columns = self.of_codes(np.array(self.tokens[at : at + 1], np.uint32))
        else:
            columns = self.columns([self.usual])
        return columns.ravel()

    def value_in(self, given: FreeFields) -> Any:
        """Return the value among those of an event; of a code its word, or `RARE_VALUE`."""
        value = super().value_in(given)
        if not self.of_event or value is None:
            return value
        return self.values[self.tokens.index(value)] if value in self.tokens else RARE_VALUE

    def columns(self, values: Sequence[Any]) -> NDArray[np.float32]:
        """Return the columns of ``n`` values, None where missing, float32[c, n]."""
        if self.kind == "given":
            return np.array([[value is not None for value in values]], np.float32)
        if self.kind == "string":
            read, rare = self._read, (RARE, 0.0)
            pairs = [
                (nan, nan) if value is None else read.get(text_of(value), rare) for value in values
            ]
            return np.array(pairs, np.float32).reshape(-1, 2).T
        column = _numbers(values)
        column[np.abs(column) > _LARGEST] = nan
        return column.astype(np.float32)[None]


def _numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    if set(map(type, values)) <= _PLAIN:
        try:
            return np.array(values, np.float64)  # None becomes NaN
        except OverflowError:
            pass
    return np.array(list(map(number_of, values)), np.float64)


@dataclass(frozen=True)
class LeftOut:
    """A field that a model does not read, and why."""

    name: str
    why: str
