"""What a text says of fraud by its words and style: a linear model over hashed n-grams.

Needs no pretrained weights and little time, in training and for every event. The n-grams of a text
(`model.ngrams`) are weighed by the logarithm of how much more often they occur in fraud, and go
into a logistic regression with an L2 penalty (Wang and Manning, "Baselines and Bigrams", 2012). How
strong the penalty is, is decided on texts left out of the fit, where equal texts stay together. A
text's answer is the logarithm of how much more likely it is in fraud: that some kinds of event are
fraud more often is kept apart from it, for other parts of the model know that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from model.baseline import Ranking, ranking
from model.calibration import log_loss, platt
from model.ngramloops import MAX_CHARS, N_PLACES
from model.ngrams import N_STYLE, Grams, grams

N_RAMPS: Final = 8
MIN_EACH: Final = 20
"""Fewer texts than this of fraud, or of honest events, teach nothing."""

MAX_TEXTS: Final = 60_000
"""Texts to learn from; all frauds first, then honest ones drawn at random."""

MAX_CHARACTERS: Final = 4_000_000
"""Of all texts to learn from: with six n-grams a character, they take about a gigabyte."""

MAX_COMPARED: Final = 8_000
"""Texts on which the strengths are compared."""

STRENGTHS: Final = (3.0, 10.0, 30.0, 100.0, 300.0)
"""What an error costs compared with the squared weights, for rows of length about 1."""

FOLDS: Final = 4
STYLE_SCALE: Final = 0.1
"""A ramp from 0 to 1 beside n-grams: 18 measures together weigh about as much as a row."""

KIND_SCALE: Final = 3.0
"""The level of a kind of event is hardly penalised."""

BATCH: Final = 512


@dataclass(frozen=True, eq=False)
class TextModel:
    """Weights of a text's n-grams and style.

    ``weight`` float32[N_PLACES], ``style`` float32[N_STYLE, N_RAMPS], over ramps between the
    ``knots`` float32[N_STYLE, N_RAMPS + 1]; ``base`` is added. ``strength`` is one of
    STRENGTHS; ``left_out`` rates the texts by models that did not learn from them; ``n_texts`` were
    learned from.
    """

    weight: NDArray[np.float32]
    style: NDArray[np.float32]
    knots: NDArray[np.float32]
    base: float
    strength: float = 0.0
    left_out: Ranking | None = None
    n_texts: int = 0

    @classmethod
    def fit(
        cls, texts: Sequence[str], fraud: NDArray[np.bool_], kind: NDArray[np.uint8],
        same: NDArray[np.uint64], *, seed: int, strength: float | None = None,
    ) -> Self | None:  # fmt: skip
        """Learn from texts that people wrote; None where either class has fewer than MIN_EACH.

        ``fraud`` bool[n]; ``kind`` uint8[n] the type of each event; ``same`` uint64[n] is equal for
        texts that say the same; ``strength`` is taken as it is where given.
        """
        rng = np.random.default_rng(seed)
        length = sum(min(len(text), MAX_CHARS) for text in texts) / max(len(texts), 1)
        at = _drawn(fraud, min(MAX_TEXTS, int(MAX_CHARACTERS / max(length, 1))), rng)
        if min(fraud[at].sum(), (~fraud[at]).sum()) < MIN_EACH:
            return None
        found, left_out = grams([texts[i] for i in at.tolist()]), None
        fraud, kind, same = fraud[at], kind[at], same[at]
        if strength is None:
            part = np.sort(rng.permutation(len(at))[:MAX_COMPARED])
            strength, left_out = _compared(found, part, fraud[part], kind[part], same[part], rng)
        parts = _fitted(found, np.arange(len(at)), fraud, kind, strength)
        return cls(*parts, strength, left_out, len(at))

    def log_odds(self, texts: Sequence[str | None]) -> NDArray[np.float64]:
        """Return the log-odds of fraud that each text adds, float64[n]; NaN where there is none.

        A text's answer does not depend on the others.
        """
        out = np.full(len(texts), np.nan)
        at = [i for i, text in enumerate(texts) if text]
        for begin in range(0, len(at), BATCH):
            part = at[begin : begin + BATCH]
            out[part] = self._sums(grams([texts[i] or "" for i in part]))
        return out

    def told(self) -> dict[str, Any]:
        """Return what a manifest says of the model: how it was fitted, and how it ranked."""
        left_out = None if self.left_out is None else vars(self.left_out)
        return {"n_texts": self.n_texts, "strength": self.strength, "left_out": left_out}

    def _sums(self, found: Grams) -> NDArray[np.float64]:
        out = np.full(len(found.style), self.base)
        ramps = _ramps(found.style, self.knots)
        _dot(found.begin, found.at, found.value, self.weight, ramps, self.style.ravel(), out)
        return out


@njit(cache=True, nogil=True)
def _dot(begin: Any, at: Any, value: Any, weight: Any, ramps: Any, style: Any, out: Any) -> None:
    for i in range(len(out)):
        total = 0.0
        for k in range(begin[i], begin[i + 1]):
            total += value[k] * weight[at[k]]
        for j in range(len(style)):
            total += ramps[i, j] * style[j]
        out[i] += total


def _drawn(fraud: NDArray[np.bool_], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return all rows, or at most ``n``: at most half of them fraud while others remain."""
    if len(fraud) <= n:
        return np.arange(len(fraud))
    bad, good = (rng.permutation(np.flatnonzero(part)) for part in (fraud, ~fraud))
    bad = bad[: max(n // 2, n - len(good))]
    return np.sort(np.concatenate([bad, good[: n - len(bad)]]))


def _ramps(style: NDArray[np.float32], knots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far each measure has risen between its knots, float32[n, N_STYLE * N_RAMPS]."""
    steps = np.maximum(np.diff(knots, axis=1), np.float32(1e-6))
    risen = np.clip((style[:, :, None] - knots[None, :, :-1]) / steps, 0, 1)
    return risen.reshape(len(style), -1).astype(np.float32)


def _compared(
    found: Grams, rows: NDArray[np.int64], fraud: NDArray[np.bool_], kind: NDArray[np.uint8],
    same: NDArray[np.uint64], rng: np.random.Generator,
) -> tuple[float, Ranking]:  # fmt: skip
    """Return the strength with the least log loss on texts left out, and how it ranks those."""
    distinct, of = np.unique(same, return_inverse=True)
    fold = rng.permutation(len(distinct))[of] % FOLDS
    best: tuple[float, float, Ranking] | None = None
    for strength in STRENGTHS:
        said = np.zeros(len(rows))
        for k in range(FOLDS):
            learned, out = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            parts = _fitted(found, rows[learned], fraud[learned], kind[learned], strength)
            said[out] = TextModel(*parts)._sums(_taken(found, rows[out]))
        loss = log_loss(platt(said, fraud).apply(said), fraud)
        if best is None or loss < best[0]:
            best = loss, strength, ranking(said, fraud.astype(np.int8))
    assert best is not None
    return best[1], best[2]


def _taken(found: Grams, rows: NDArray[np.int64]) -> Grams:
    sizes = np.diff(found.begin)[rows]
    begin = np.concatenate([[0], np.cumsum(sizes)])
    at = np.arange(begin[-1]) + np.repeat(found.begin[rows] - begin[:-1], sizes)
    return Grams(begin, found.at[at], found.value[at], found.style[rows])


def _fitted(
    found: Grams, rows: NDArray[np.int64], fraud: NDArray[np.bool_], kind: NDArray[np.uint8],
    strength: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], float]:  # fmt: skip
    """Fit the regression to ``rows``; return the first members of `TextModel` in their order."""
    from scipy import sparse  # noqa: PLC0415 - only needed in training
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second

    part = _taken(found, rows)
    shares = np.linspace(0.02, 0.98, N_RAMPS + 1)
    knots = np.quantile(part.style, shares, axis=0).T.astype(np.float32)
    scale = _ratio(part, fraud)
    value = part.value * scale[part.at]
    length = np.sqrt(np.bincount(np.repeat(np.arange(len(rows)), np.diff(part.begin)),
                                 value.astype(np.float64) ** 2, len(rows)).mean())  # fmt: skip
    words = sparse.csr_matrix(
        (value / np.float32(length), part.at.copy(), part.begin), (len(rows), N_PLACES)
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
    return (
        (weight * scale / length).astype(np.float32),
        (STYLE_SCALE * style).reshape(N_STYLE, -1).astype(np.float32),
        knots,
        float((kinds @ level).mean() - np.log(share / (1 - share))),
    )


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
