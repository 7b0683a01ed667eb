"""The difference of two scores on the same rows, with an interval that resamples the users.

Both scores are rated on the same resamples, so that what makes a week easy or hard for either
cancels. Source: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", 1997.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from stream.judging.judged import user_codes
from stream.judging.ladder import Ladder, add_weights, ladder_of
from stream.judging.ranking import Rungs, resampled_metrics
from stream.judging.resampling import interval, user_weights

RATED = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}


@dataclass(frozen=True)
class Difference:
    """How much more the first score reaches than the second, and the 95 % interval of that."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def differences(
    one: NDArray[Any],
    other: NDArray[Any],
    fraud: NDArray[Any],
    user: NDArray[Any],
    *,
    n_resamples: int = 1_000,
    seed: int = 0,
) -> dict[str, Difference]:
    """Return the difference of ROC AUC and of average precision, ``one`` less ``other``.

    Scores float[n], higher is riskier, or float[s, n] of s trainings of each, whose mean difference
    is told; ``fraud`` 0 or 1; ``user`` names who is resampled.
    Raises ValueError where too few resamples have both classes.
    """
    bad = fraud == 1
    codes, n_users = user_codes(user)
    pairs = list(zip(np.atleast_2d(one), np.atleast_2d(other), strict=True))
    ladders = [(ladder_of(a, bad), ladder_of(b, bad)) for a, b in pairs]
    drawn: list[dict[str, NDArray[np.float64]]] = []
    for weights in user_weights(n_users, n_resamples, 16, seed):
        rated = [[_rated(ladder, codes, bad, weights) for ladder in pair] for pair in ladders]
        drawn.append({name: np.mean([a[name] - b[name] for a, b in rated], 0) for name in RATED})
    found = {}
    for name, metric in RATED.items():
        ends = interval(np.concatenate([block[name] for block in drawn]))
        if ends is None:
            raise ValueError("too few resamples have both fraud and legitimate events")
        value = float(np.mean([metric(fraud, a) - metric(fraud, b) for a, b in pairs]))
        found[name] = Difference(value, *ends)
    return found


def _rated(
    ladder: Ladder, user: NDArray[np.int32], bad: NDArray[np.bool_], weights: NDArray[np.uint8]
) -> dict[str, Any]:
    fraud, legit = np.zeros((2, ladder.n_rungs, weights.shape[1]), np.int32)
    add_weights(fraud, ladder.rung, user, ~bad, weights)
    add_weights(legit, ladder.rung, user, bad, weights)
    return resampled_metrics(Rungs(fraud, legit, fraud, legit))
