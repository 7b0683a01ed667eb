"""Logistic regression on the same features: never part of a model, reported alone beside it."""

import warnings
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from model.rows import MIN_POSITIVES
from model.standard import Standard

MOST_ROWS: Final = 60_000
"""Rows to learn from: all frauds up to half of them, and honest events drawn at random. Fewer
honest events move the level, and nothing is read of that but the ranking."""

MOST_STEPS: Final = 100
"""Steps of the solver; a fit that is not done by then ranks as well."""

_PIECE: Final = 20_000


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted ``line``, scikit-learn's LogisticRegression with its default penalty."""

    standard: Standard
    line: Any

    @classmethod
    def fit(
        cls, features: NDArray[np.float32], label: NDArray[np.int8], places: NDArray[np.bool_],
        *, seed: int,
    ) -> Self | None:  # fmt: skip
        """Learn from float32[n, F] and int8[n]; None: too few of either class, or no feature.

        ``places`` bool[F] as for `Standard`. Rows whose label is -1 are left out.
        """
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - a second to import
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

        rng = np.random.default_rng(seed)
        fraud, honest = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
        if min(len(fraud), len(honest)) < MIN_POSITIVES:
            return None
        fraud = _some(fraud, MOST_ROWS // 2, rng)
        at = np.sort(np.concatenate([fraud, _some(honest, MOST_ROWS - len(fraud), rng)]))
        part = features[at]
        standard = Standard.fit(part, logarithms=True, places=places)
        x = standard.apply(part)
        if not x.shape[1]:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # MOST_STEPS says why
            line = LogisticRegression(max_iter=MOST_STEPS).fit(x, label[at])
        return cls(standard, line)

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what ranks events, float64[n], of their features float32[n, F]."""
        out = np.empty(len(features))
        for begin in range(0, len(features), _PIECE):
            piece = slice(begin, begin + _PIECE)
            out[piece] = self.line.decision_function(self.standard.apply(features[piece]))
        return out


def _some(at: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return at if len(at) <= n else rng.choice(at, n, replace=False)
