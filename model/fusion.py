"""One log-odds from several models, stacked: the event Transformer, boosted trees and words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model.textmodel import TextModel
from model.trees import Trees

Array = NDArray[np.float64]

MIN_POSITIVES: Final = 10
"""With fewer frauds to weigh by, network and trees count the same and words nothing."""

TRUST_IN_EQUAL: Final = 10.0
"""How many rows' worth of loss it costs to move a weight by 1 away from equal shares."""


@dataclass(frozen=True, eq=False)
class Words:
    """What a text says by its n-grams, and the weights that hold for events with a text.

    ``network``, ``trees`` and ``text`` weigh the three log-odds; ``level`` is added to the sum.
    """

    model: TextModel
    network: float
    trees: float
    text: float
    level: float


@dataclass(frozen=True, eq=False)
class Fusion:
    """Weighs the network's log-odds, whose level ``shift`` corrects, and those of the ``trees``.

    Stacking as in Wolpert, "Stacked Generalization", 1992, with weights of at least 0 (Breiman,
    "Stacked Regressions", 1996). Without trees the network stands alone. ``level`` is that of the
    rows that the weights were found on, and is no part of the log-odds: calibration sets it. Where
    there are ``words``, events with a text have weights of their own, and words count.
    """

    shift: float
    network: float
    trees: Trees | None
    trees_weight: float
    level: float = 0.0
    words: Words | None = None

    @classmethod
    def fit(
        cls, raw: Array, shift: float, trees: Trees | None, said: Array, label: NDArray[np.int8]
    ) -> Self:
        """Find the weights on rows that taught neither model.

        ``raw`` float64[n] is what the network says of the rows, ``said`` what the trees say,
        ``label`` int8[n] 1, 0 or -1 for unknown.
        """
        if trees is None:
            return cls(shift, 1.0, None, 0.0)
        known = label >= 0
        parts = np.stack([raw[known] + shift, said[known]], 1)
        weights, level = _weights(parts, label[known] == 1, np.array([0.5, 0.5]))
        return cls(shift, float(weights[0]), trees, float(weights[1]), level)

    def with_words(
        self, model: TextModel, raw: Array, said: Array, written: Array, label: NDArray[np.int8]
    ) -> Self:
        """Return the same with weights for events with a text, found on the rows that have one.

        ``written`` float64[n] is what ``model`` says of the rows' texts, NaN where there is none;
        the other arguments are those of `fit`. Words have no weight unless the rows give them one.
        """
        at = np.isfinite(written) & (label >= 0)
        parts = np.stack([raw[at] + self.shift, said[at], written[at]], 1)
        start = np.array([self.network, self.trees_weight, 0.0])
        weights, level = _weights(parts, label[at] == 1, start, self.level)
        network, trees, text = weights.tolist()
        return replace(self, words=Words(model, network, trees, text, level - self.level))

    def losses(self, raw: Array, said: Array, written: Array, label: NDArray[np.int8]) -> Array:
        """Return the log loss of each event that has a text and is known, in nats.

        The arguments are those of `with_words`.
        """
        at = np.isfinite(written) & (label >= 0)
        sign = np.where(label[at] == 1, -1.0, 1.0)
        joined = self.join(raw[at], said[at], written[at]) + self.level
        found: Array = np.logaddexp(0, sign * joined)
        return found

    def join(self, raw: Array, said: Array, written: Array | None = None) -> Array:
        """Return fused log-odds, float64[n], of the models' own; NaN in ``written``: no text."""
        moved = raw + self.shift
        joined: Array = self.network * moved
        if self.trees is not None:
            joined = joined + self.trees_weight * said
        if self.words is not None and written is not None:
            w = self.words
            whole = w.network * moved + w.trees * said + w.text * np.nan_to_num(written) + w.level
            joined = np.where(np.isfinite(written), whole, joined)
        return joined

    def written(self, texts: Sequence[str | None]) -> Array | None:
        """Return what the words of texts say, float64[n], NaN without a text; None: no words."""
        return None if self.words is None else self.words.model.log_odds(texts)

    def log_odds(
        self, raw: Array, features: NDArray[np.float32], texts: Sequence[str | None]
    ) -> Array:
        """Return fused log-odds, float64[n], of the network's, features float32[n, F] and texts."""
        said = np.zeros(0) if self.trees is None else self.trees.log_odds(features)
        return self.join(raw, said, self.written(texts))

    def contributions(
        self, own: Array, features: NDArray[np.float32], usual: NDArray[np.float32],
        texts: Sequence[str | None],
    ) -> Array:  # fmt: skip
        """Return what each feature adds to the log-odds, compared with ``usual`` float32[F].

        ``own`` float64[n, F] are the network's contributions. With words the result is float64[n,
        F + 1], and the last column is what they add.
        """
        here: Array = np.zeros_like(own)
        if self.trees is not None:
            here = self.trees.contributions(features, usual)
        written = self.written(texts)
        if self.words is None or written is None:
            return self.network * own + self.trees_weight * here
        there = np.isfinite(written)[:, None]
        network = np.where(there, self.words.network, self.network)
        trees = np.where(there, self.words.trees, self.trees_weight)
        words = self.words.text * np.nan_to_num(written)[:, None]
        return np.concatenate([network * own + trees * here, words], 1)


def _weights(
    parts: Array, fraud: NDArray[np.bool_], before: Array, level: float = 0.0
) -> tuple[Array, float]:
    """Minimise the log loss over weights of at least 0, near those ``before``, and a level."""
    from scipy.optimize import minimize  # noqa: PLC0415 - only needed in training

    if min(fraud.sum(), (~fraud).sum()) < MIN_POSITIVES:
        return before, level
    sign = np.where(fraud, -1.0, 1.0)

    def cost(guess: Array) -> tuple[float, Array]:
        z = sign * (parts @ guess[:-1] + guess[-1])
        slope = sign / (1 + np.exp(-np.clip(z, -700, 700)))
        away = guess[:-1] - before
        gradient = np.append(slope @ parts + TRUST_IN_EQUAL * away, slope.sum())
        return float(np.logaddexp(0, z).sum() + TRUST_IN_EQUAL / 2 * away @ away), gradient

    start, limits = np.append(before, level), [(0, None)] * len(before) + [(None, None)]
    found = minimize(cost, start, jac=True, bounds=limits)
    weights: Array = found.x[:-1]
    return (weights, float(found.x[-1])) if weights.sum() > 0 else (before, level)
