"""What a text says of fraud by its n-grams and style: a linear model.

The n-grams of a text (`model.ngrams`) are weighed by the logarithm of how much more often they
occur in fraud, and go into a logistic regression with an L2 penalty (Wang and Manning, "Baselines
and Bigrams", 2012).
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from model.ngramloops import N_PLACES
from model.ngrams import N_STYLE, Grams

N_RAMPS: Final = 8
STYLE_SCALE: Final = 0.1
"""A ramp from 0 to 1 beside n-grams: 18 measures together weigh about as much as a row."""

KIND_SCALE: Final = 3.0
"""The level of a kind of event is hardly penalised."""


@dataclass(frozen=True, eq=False)
class GramWeights:
    """Weights of a text's n-grams and style.

    ``weight`` float32[N_PLACES], ``style`` float32[N_STYLE, N_RAMPS], over ramps between the
    ``knots`` float32[N_STYLE, N_RAMPS + 1]; ``base`` is added.
    """

    weight: NDArray[np.float32]
    style: NDArray[np.float32]
    knots: NDArray[np.float32]
    base: float

    def log_odds(self, found: Grams) -> NDArray[np.float64]:
        """Return the log-odds of fraud that each text adds, float64[n]."""
        out = np.full(len(found.style), self.base)
        ramps = _ramps(found.style, self.knots)
        _dot(found.begin, found.at, found.value, self.weight, ramps, self.style.ravel(), out)
        return out

    @classmethod
    def fit(
        cls, part: Grams, fraud: NDArray[np.bool_], kind: NDArray[np.uint8], strength: float
    ) -> Self:
        """Learn from texts; ``fraud`` bool[n] of both classes, ``kind`` uint8[n] the event's type.

        ``strength`` is what an error costs compared with the squared weights. That some kinds are
        fraud more often is no part of the answer.
        """
        from scipy import sparse  # noqa: PLC0415 - only needed in training
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second

        shares = np.linspace(0.02, 0.98, N_RAMPS + 1)
        knots = np.quantile(part.style, shares, axis=0).T.astype(np.float32)
        scale = _ratio(part, fraud)
        value = part.value * scale[part.at]
        # Where both classes have the same n-grams equally often, all of them count nothing.
        length = np.sqrt((value.astype(np.float64) ** 2).sum() / len(fraud)) or 1.0
        words = sparse.csr_matrix(
            (value / np.float32(length), part.at.copy(), part.begin), (len(fraud), N_PLACES)
        )
        words.sum_duplicates()
        ramps = sparse.csr_matrix(STYLE_SCALE * _ramps(part.style, knots))
        kinds = KIND_SCALE * (kind[:, None] == np.arange(kind.max() + 1))
        regression = LogisticRegression(
            C=strength, solver="liblinear", fit_intercept=False, max_iter=300, tol=1e-3,
            random_state=0,
        )  # fmt: skip
        solved = regression.fit(
            sparse.hstack([words, ramps, sparse.csr_matrix(kinds)]).tocsr(), fraud
        ).coef_[0]
        weight, style, level = np.split(solved, [N_PLACES, N_PLACES + N_STYLE * N_RAMPS])
        share = fraud.mean()
        return cls(
            (weight * scale / length).astype(np.float32),
            (STYLE_SCALE * style).reshape(N_STYLE, -1).astype(np.float32),
            knots,
            float((kinds @ level).mean() - np.log(share / (1 - share))),
        )


@njit(cache=True, nogil=True)
def _dot(begin: Any, at: Any, value: Any, weight: Any, ramps: Any, style: Any, out: Any) -> None:
    for i in range(len(out)):
        total = 0.0
        for k in range(begin[i], begin[i + 1]):
            total += value[k] * weight[at[k]]
        for j in range(len(style)):
            total += ramps[i, j] * style[j]
        out[i] += total


def _ramps(style: NDArray[np.float32], knots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each measure has risen between its knots, float32[n, N_STYLE * N_RAMPS]."""
    steps = np.maximum(np.diff(knots, axis=1), np.float32(1e-6))
    risen = np.clip((style[:, :, None] - knots[None, :, :-1]) / steps, 0, 1)
    return risen.reshape(len(style), -1).astype(np.float32)


def _ratio(part: Grams, fraud: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the log-count ratio of every place: how much more often fraud has it than the others.

    Two pseudo-counts, shared between the classes by their sizes, make it 0 where nothing is known.
    """
    of, odds = np.repeat(fraud, np.diff(part.begin)), np.zeros(N_PLACES)
    for is_fraud, sign in ((True, 1), (False, -1)):
        share = (fraud == is_fraud).mean()
        count = np.bincount(part.at[of == is_fraud], minlength=N_PLACES)
        odds += sign * np.log(count / share + 2)
    return odds.astype(np.float32)
