"""The fields that a model reads as columns behind the features: the shop's own, and words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.attribute import ENDINGS, Attribute, LeftOut
from model.forest import medians
from topics.columns import Rows
from topics.eventwords import codes_of
from topics.freefields import FreeFields
from topics.scores import ScoreInput


@dataclass(frozen=True)
class Attributes:
    """The fields that a model reads, in the order of their columns, and those it does not.

    Words of the contract stand behind the shop's own.
    """

    fields: tuple[Attribute, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @cached_property
    def names(self) -> list[str]:
        """The columns' names, in their order."""
        return [f.feature + ending for f in self.fields for ending in ENDINGS[f.kind]]

    @cached_property
    def own(self) -> tuple[Attribute, ...]:
        """The fields that are the shop's own."""
        return tuple(field for field in self.fields if not field.of_event)

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

    def encode(
        self, found: Sequence[FreeFields | None], rows: Rows | None = None
    ) -> NDArray[np.float32]:
        """Return the columns of ``n`` events, float32[n, C], of their free fields or None.

        ``rows`` EVENT[n] hold the words of the contract; None: these are unknown.

        >>> fields = (Attribute("age", "number", 30.0, 1.0),
        ...           Attribute("tier", "string", "gold", 0.5, ("gold", "tin"), (0.75, 0.25)))
        >>> Attributes(fields).encode([{"age": 41, "tier": "tin"}, {"tier": "new"}, None]).tolist()
        [[41.0, 1.0, 0.25], [nan, -1.0, 0.0], [nan, nan, nan]]
        """
        out = np.full((len(found), len(self.names)), nan, np.float32)
        out[:, [name.endswith(".given") for name in self.names]] = 0
        if rows is not None:
            for at, field in list(zip(self._first, self.fields, strict=True))[len(self.own) :]:
                out[:, at : at + 2] = field.of_codes(codes_of(rows, field.name))
        some = [(i, one) for i, one in enumerate(found) if one] if self.own else []
        if not some:
            return out
        where = np.array([i for i, _ in some])
        columns = [field.columns([one.get(field.name) for _, one in some]) for field in self.own]
        out[where, : sum(map(len, columns))] = np.concatenate(columns).T
        return out

    def widened(self, x: ScoreInput, n_features: int) -> ScoreInput:
        """Return ``x`` with the columns behind its ``n_features``, unless it has them already."""
        if not self.fields or x.features.shape[1] != n_features:
            return x
        found = [None] * len(x) if x.attributes is None else x.attributes
        return replace(x, features=np.concatenate([x.features, self.encode(found, x.rows)], 1))

    def are_places(self, n_features: int) -> NDArray[np.bool_]:
        """Return which columns of features and fields hold places, bool[F + C]."""
        return np.append(np.zeros(n_features, np.bool_), self.is_place)

    def usual_of(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is usual in ``features`` float32[n, F + C]: float32[F + C], NaN for unknown.

        That is a column's median over the known values. Of a string it is what the columns hold for
        its most frequent value: the middle of places may be no value at all.

        >>> tier = Attribute("tier", "string", "gold", 1.0, ("gold", "tin"), (0.6, 0.4))
        >>> columns = np.array([[3, 1, 0.4], [4, 0, 0.6], [5, -1, 0]], np.float32)
        >>> Attributes((tier,)).usual_of(columns).astype(float).round(3).tolist()
        [4.0, 0.0, 0.6]
        """
        usual = medians(features)
        for field, at in zip(
            self.fields, self._first + features.shape[1] - len(self.names), strict=True
        ):
            if field.kind == "string":
                usual[at : at + 2] = field.usual_columns()
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
                for f in self.own
            ],
            "of_event": [
                {"name": f.name, "present": round(f.present, 4), "n_values": len(f.values)}
                for f in self.fields[len(self.own) :]
            ],
            "left_out": [{"name": one.name, "why": one.why} for one in self.left_out],
        }  # fmt: skip
