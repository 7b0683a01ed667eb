"""Numeric features as places between knots: the piecewise-linear encoding of Gorishniy et al.

"On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022. A value between two
knots is a mixture of the two knots' vectors; an unknown value has a vector of its own. Written as
a weighted look-up, its cost does not grow with the number of knots.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.amounts import ANY_AMOUNT, fit_ramps
from topics.compiled import compiled

_LEVELS = np.concatenate(
    [[0.0, 0.001, 0.005, 0.01, 0.02], np.linspace(0.05, 0.95, 19), [0.98, 0.99, 0.995, 0.999, 1.0]]
)


@compiled
def place(features: Any, knots: Any, first: Any, row: Any, weight: Any) -> None:
    """Write the rows and weights, [2F], of one event's features [F]; see `Bins.place`."""
    for f in range(features.shape[0]):
        x, low = features[f], first[f]
        last = first[f + 1] - 2  # behind it the row for unknown
        n = last - low
        while n > 1:  # always as often for a feature: a processor guesses values badly
            half = n // 2
            low += half if x >= knots[low + half] else 0
            n -= half
        part = (x - knots[low]) / (knots[low + 1] - knots[low])
        part = min(part, np.float32(1)) if part > 0 else np.float32(0)
        low = last + 1 if np.isnan(x) else low
        row[2 * f] = low
        row[2 * f + 1] = low + 1 if part > 0 else low
        weight[2 * f] = np.float32(1) - part
        weight[2 * f + 1] = part


@compiled
def _place_all(features: Any, knots: Any, first: Any, row: Any, weight: Any) -> None:
    for i in range(features.shape[0]):
        place(features[i], knots, first, row[i], weight[i])


@dataclass(frozen=True, eq=False)
class Bins:
    """Knots of all features in one row after another, each feature's ended by a row for unknown.

    ``knots`` float32[R], rising within a feature, NaN in the rows for unknown; ``first``
    int32[F + 1] where each feature's rows begin. ``amounts`` are the ramps of `model.amounts`, on
    which the amounts of events are placed.
    """

    knots: NDArray[np.float32]
    first: NDArray[np.int32]
    amounts: NDArray[np.float32] = field(default_factory=lambda: ANY_AMOUNT)

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float32],
        weight: NDArray[np.float64] | None = None,
        exact: NDArray[np.bool_] | None = None,
        amounts: NDArray[np.float64] | None = None,
    ) -> Self:
        """Take knots from quantiles of ``features``, float32[n, F], with NaN for unknown.

        ``weight`` float64[n], if given, weighs the rows: rare frauds that weigh as much as
        everything else get knots where they lie, which is mostly in the tails. Features that are
        ``exact`` bool[F] have a knot at every value that occurs.
        ``amounts`` float64[n] are those of the rows' events, NaN for unknown.

        >>> Bins.fit(np.array([[1.0], [2.0], [np.nan]], np.float32)).knots.tolist()[-1]
        nan
        """
        rows: list[NDArray[np.float32]] = []
        for at, column in enumerate(np.asarray(features, np.float32).T):
            known = np.isfinite(column)
            if exact is not None and exact[at] and known.any():
                rows.append(np.unique(column[known]))
                continue
            rows.append(_knots(column[known], None if weight is None else weight[known]))
        sizes = [len(row) + 1 for row in rows]
        unknown = np.array([np.nan], np.float32)
        joined = [part for row in rows for part in (row, unknown)]
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        ramps = ANY_AMOUNT if amounts is None else fit_ramps(amounts, weight)
        return cls(np.concatenate(joined) if joined else unknown[:0], first, ramps)

    @property
    def n_rows(self) -> int:
        """Rows of the table that holds a vector per knot."""
        return len(self.knots)

    def expect(self, features: NDArray[np.float32]) -> None:
        """Raise ValueError for another number of features, whose loop would read past the end."""
        if features.shape[1] != (n_features := len(self.first) - 1):
            raise ValueError(f"{features.shape[1]} features where the knots are of {n_features}")

    def place(self, features: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return rows int32[n, 2F] and weights float32[n, 2F], two per feature, sum 1.

        Raises ValueError for another number of features.

        >>> bins = Bins(np.array([0, 10, np.nan], np.float32), np.array([0, 3], np.int32))
        >>> [part.tolist() for part in bins.place(np.array([[2.5], [np.nan]], np.float32))]
        [[[0, 1], [2, 2]], [[0.75, 0.25], [1.0, 0.0]]]
        """
        self.expect(features)
        shape = (len(features), 2 * features.shape[1])
        row, weight = np.empty(shape, np.int32), np.empty(shape, np.float32)
        _place_all(features, self.knots, self.first, row, weight)
        return row, weight


def _knots(values: NDArray[np.float32], weight: NDArray[np.float64] | None) -> NDArray[np.float32]:
    if not len(values):
        return np.zeros(1, np.float32)
    if weight is None:
        found = np.quantile(values, _LEVELS, method="inverted_cdf")
    else:
        found = np.quantile(
            values.astype(np.float64), _LEVELS, method="inverted_cdf", weights=weight
        )
    return np.unique(found.astype(np.float32))
