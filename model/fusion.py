"""One log-odds from two models: the event Transformer and boosted trees, stacked."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model.trees import Trees

Array = NDArray[np.float64]

MIN_POSITIVES: Final = 10
"""With fewer frauds to weigh by, both models count the same."""

TRUST_IN_EQUAL: Final = 10.0
"""How many rows' worth of loss it costs to move a weight by 1 away from equal shares."""


@dataclass(frozen=True, eq=False)
class Fusion:
    """Weighs the network's log-odds, whose level ``shift`` corrects, and those of the ``trees``.

    Stacking as in Wolpert, "Stacked Generalization", 1992, with weights of at least 0 (Breiman,
    "Stacked Regressions", 1996). Without trees the network stands alone.
    """

    shift: float
    network: float
    trees: Trees | None
    trees_weight: float

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
        weights = _weights(parts, label[known] == 1)
        return cls(shift, float(weights[0]), trees, float(weights[1]))

    def join(self, raw: Array, said: Array) -> Array:
        """Return fused log-odds, float64[n], of both models' own."""
        joined: Array = self.network * (raw + self.shift)
        return joined if self.trees is None else joined + self.trees_weight * said

    def log_odds(self, raw: Array, features: NDArray[np.float32]) -> Array:
        """Return fused log-odds, float64[n], of the network's and of features float32[n, F]."""
        return self.join(raw, np.zeros(0) if self.trees is None else self.trees.log_odds(features))

    def contributions(
        self, own: Array, features: NDArray[np.float32], usual: NDArray[np.float32]
    ) -> Array:
        """Return what each feature adds to the log-odds, compared with ``usual`` float32[F].

        ``own`` float64[n, F] are the network's contributions.
        """
        added: Array = self.network * own
        if self.trees is not None:
            added += self.trees_weight * self.trees.contributions(features, usual)
        return added


def _weights(parts: Array, fraud: NDArray[np.bool_]) -> Array:
    """Minimise the log loss over two weights of at least 0 and a level."""
    from scipy.optimize import minimize  # noqa: PLC0415 - only needed in training

    equal = np.array([0.5, 0.5])
    if min(fraud.sum(), (~fraud).sum()) < MIN_POSITIVES:
        return equal
    sign = np.where(fraud, -1.0, 1.0)

    def cost(guess: Array) -> tuple[float, Array]:
        z = sign * (parts @ guess[:2] + guess[2])
        slope = sign / (1 + np.exp(-np.clip(z, -700, 700)))
        away = guess[:2] - equal
        gradient = np.append(slope @ parts + TRUST_IN_EQUAL * away, slope.sum())
        return float(np.logaddexp(0, z).sum() + TRUST_IN_EQUAL / 2 * away @ away), gradient

    start = np.array([0.5, 0.5, 0.0])
    found = minimize(cost, start, jac=True, bounds=[(0, None), (0, None), (None, None)])
    weights: Array = found.x[:2]
    return weights if weights.sum() > 0 else equal
