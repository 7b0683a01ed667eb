"""The shop's own fields as columns of numbers, the same in training, replay and the worker.

A number is its own column, unknown where it is missing; a boolean is 0 or 1. A string has two
columns, neither of which knows an outcome: its place among the known values in the order of the
alphabet (`RARE` for all others), and how frequent its value was in training (0 for all others).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.freefields import PREFIX, FreeField, FreeFields, Kind, number_of, text_of
from topics.scores import ScoreInput

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
    the events with the field had each.
    """

    present: float
    values: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    @cached_property
    def _read(self) -> dict[str, tuple[float, float]]:
        """What the columns hold for each known string."""
        pairs = zip(self.values, self.shares, strict=True)
        return {value: (float(at), share) for at, (value, share) in enumerate(pairs)}

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


@dataclass(frozen=True)
class Attributes:
    """The fields that a model reads, in the order of their columns, and those it does not."""

    fields: tuple[Attribute, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @cached_property
    def names(self) -> list[str]:
        """The columns' names, in their order."""
        return [PREFIX + f.name + ending for f in self.fields for ending in ENDINGS[f.kind]]

    @cached_property
    def is_place(self) -> NDArray[np.bool_]:
        """Which columns hold places in a list of values, bool[C]: their distances mean nothing."""
        ends = [ending for f in self.fields for ending in ENDINGS[f.kind]]
        return np.array([ending == ".place" for ending in ends], np.bool_)

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        """Where the columns of each field begin, int64[A]."""
        sizes = [len(ENDINGS[f.kind]) for f in self.fields]
        return np.cumsum([0, *sizes])[:-1].astype(np.int64)

    def encode(self, found: Sequence[FreeFields | None]) -> NDArray[np.float32]:
        """Return the columns of ``n`` events, float32[n, C], of their free fields or None.

        >>> fields = (Attribute("age", "number", 30.0, 1.0),
        ...           Attribute("tier", "string", "gold", 0.5, ("gold", "tin"), (0.75, 0.25)))
        >>> Attributes(fields).encode([{"age": 41, "tier": "tin"}, {"tier": "new"}, None]).tolist()
        [[41.0, 1.0, 0.25], [nan, -1.0, 0.0], [nan, nan, nan]]
        """
        out = np.full((len(found), len(self.names)), nan, np.float32)
        out[:, [name.endswith(".given") for name in self.names]] = 0
        some = [(i, one) for i, one in enumerate(found) if one]
        if not some or not self.fields:
            return out
        at = np.array([i for i, _ in some])
        columns = [field.columns([one.get(field.name) for _, one in some]) for field in self.fields]
        out[at] = np.concatenate(columns).T
        return out

    def widened(self, x: ScoreInput, n_features: int) -> ScoreInput:
        """Return ``x`` with the columns behind its ``n_features``, unless it has them already."""
        if not self.fields or x.features.shape[1] != n_features:
            return x
        found = [None] * len(x) if x.attributes is None else x.attributes
        return replace(x, features=np.concatenate([x.features, self.encode(found)], 1))

    def are_places(self, n_features: int) -> NDArray[np.bool_]:
        """Return which columns of features and fields hold places, bool[F + C]."""
        return np.append(np.zeros(n_features, np.bool_), self.is_place)

    def usual_of(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is usual in ``features`` float32[n, F + C]: float32[F + C], NaN for unknown.

        That is a column's median over the known values. Of a string it is what the columns hold for
        its most frequent value: the middle of places may be no value at all.

        >>> tier = Attribute("tier", "string", "gold", 1.0, ("gold", "tin"), (0.6, 0.4))
        >>> columns = np.array([[3, 1, 0.4], [4, 0, 0.6], [5, -1, 0]], np.float32)
        >>> Attributes((tier,)).usual_of(columns).round(3).tolist()
        [4.0, 0.0, 0.6]
        """
        known = [column[~np.isnan(column)] for column in features.T]
        usual = np.array([np.median(part) if len(part) else nan for part in known], np.float32)
        for field, at in zip(
            self.fields, self._first + features.shape[1] - len(self.names), strict=True
        ):
            if field.kind == "string":
                usual[at : at + 2] = field.columns([field.usual])[:, 0]
        return usual

    def joined(self, added: NDArray[np.float32], n_features: int) -> NDArray[np.float32]:
        """Return contributions with one column a field, float32[m, F + A + rest].

        ``added`` float32[m, F + C + rest] has one for each of ``n_features`` and each column.
        """
        if not self.fields:
            return added
        end = n_features + len(self.names)
        own = np.add.reduceat(added[:, n_features:end], self._first, axis=1)
        return np.concatenate([added[:, :n_features], own, added[:, end:]], 1)

    def told(self) -> dict[str, Any]:
        """Return which fields are read and which not, for people who read the manifest."""
        return {
            "read": [
                {"name": f.name, "kind": f.kind, "present": round(f.present, 4),
                 "n_values": len(f.values) or None}
                for f in self.fields
            ],
            "left_out": [{"name": one.name, "why": one.why} for one in self.left_out],
        }  # fmt: skip
