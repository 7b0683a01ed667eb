"""Features made fit for a linear model: no heavy tails, no gaps, one unit, zero mean."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

MOST_VALUES: Final = 32
"""Values of a column of places that get a column each; all rarer ones together have none."""

OUTSIDE: Final = 0.001
"""Share of the rows, at each end of a column, that counts as its last usual value."""

SOMETIMES: Final = 0.001
"""Share of rows from which on it tells something that a column is unknown, or is known."""

_MOST: Final = 10.0
"""Standard deviations that a column is from its mean at most."""


@dataclass(frozen=True, eq=False)
class Standard:
    """How columns are read: ``columns`` int64[c], clipped to ``low`` and ``high`` float64[c].

    With ``unit`` float64[c] what is left becomes sign(x) log(1 + |x| / unit); without, it stays.
    Then ``mean`` is taken off and ``spread`` is one, both float64[c]; unknown is the mean. Where
    ``gaps`` int64[g] are unknown is a column each, as is each of ``values``: pairs of a column of
    places and one of its values.
    """

    columns: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    unit: NDArray[np.float64] | None
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    gaps: NDArray[np.int64]
    values: tuple[tuple[int, float], ...]

    @classmethod
    def fit(
        cls, x: NDArray[np.float32], *, logarithms: bool, places: NDArray[np.bool_] | None = None
    ) -> Self:
        """Choose and measure the columns of float32[n, F], n at least 1, NaN unknown.

        Columns that are the same in all rows say nothing and are left out. ``logarithms`` are for
        what may lie anywhere between a thousandth and a million; ``places`` bool[F] marks columns
        whose distances mean nothing. All is relative to the column itself, whatever its unit.
        """
        told = np.zeros(x.shape[1], np.bool_) if places is None else places
        at, gaps, patterns = [], [], set()
        for column in range(x.shape[1]):
            unknown = np.isnan(x[:, column])
            if SOMETIMES <= unknown.mean() <= 1 - SOMETIMES:
                pattern = np.packbits(unknown).tobytes()
                if pattern not in patterns:
                    gaps.append(column)
                patterns.add(pattern)
            known = x[~unknown, column]
            if not told[column] and len(known) and known.min() < known.max():
                at.append(column)
        columns = np.array(at, np.int64)
        part = x[:, columns]
        low, high = _ends(part)
        unit = _units(part) if logarithms else None
        small = _squashed(part, low, high, unit)
        mean, spread = np.zeros(len(at)), np.ones(len(at))
        for i, column in enumerate(small.T):
            known = column[~np.isnan(column)]
            mean[i], spread[i] = known.mean(dtype=np.float64), known.std(dtype=np.float64) or 1.0
        values = tuple(
            (int(column), value)
            for column in np.flatnonzero(told)
            for value in _frequent(x[:, column])
        )
        return cls(columns, low, high, unit, mean, spread, np.array(gaps, np.int64), values)

    def apply(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32[n, c + g + values] of float32[n, F]: no NaN, mostly within -3 to 3."""
        small = _squashed(x[:, self.columns], self.low, self.high, self.unit)
        scaled = np.clip((small - self.mean) / self.spread, -_MOST, _MOST)
        gone = np.isnan(x[:, self.gaps])
        picked = [x[:, column] == value for column, value in self.values]
        parts = [np.nan_to_num(scaled), gone, *(one[:, None] for one in picked)]
        return np.concatenate([part.astype(np.float32) for part in parts], 1)


def _ends(x: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the last usual values of columns, each known at least once: float64[c] twice."""
    ends = np.zeros((2, x.shape[1]))
    for i, column in enumerate(x.T):
        known = column[~np.isnan(column)]
        low, high = np.quantile(known, [OUTSIDE, 1 - OUTSIDE])
        # What hardly ever happens still counts: without it the column would say nothing.
        ends[:, i] = (low, high) if low < high else (known.min(), known.max())
    return ends[0], ends[1]


def _units(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the median size of each column's values other than 0, float64[c]."""
    sizes = (np.abs(column[(column != 0) & ~np.isnan(column)]) for column in x.T)
    return np.array([float(np.median(size)) if len(size) else 1.0 for size in sizes])


def _squashed(
    x: NDArray[np.float32], low: NDArray[np.float64], high: NDArray[np.float64],
    unit: NDArray[np.float64] | None,
) -> NDArray[np.float64]:  # fmt: skip
    clipped: NDArray[np.float64] = np.clip(x.astype(np.float64), low, high)
    if unit is None:
        return clipped
    found: NDArray[np.float64] = np.sign(clipped) * np.log1p(np.abs(clipped) / unit)
    return found


def _frequent(column: NDArray[np.float32]) -> list[float]:
    """Return the most frequent known values of a column of places, rising."""
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    picked = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    return sorted(values[picked].tolist())
