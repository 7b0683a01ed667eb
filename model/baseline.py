"""Gradient boosting on the same features: part of every model, and reported alone beside it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Boosting:
    """Fitted trees over ``columns`` int64[c], the features that were known at least once."""

    trees: Any
    columns: NDArray[np.int64]

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of fraud, float64[n]."""
        found: NDArray[np.float64] = self.trees.predict_proba(features[:, self.columns])[:, 1]
        return found


def fit_boosting(
    features: NDArray[np.float32],
    label: NDArray[np.int8],
    later: NDArray[np.float32],
    later_label: NDArray[np.int8],
    *,
    seed: int,
) -> Boosting:
    """Fit scikit-learn's HistGradientBoostingClassifier; stop on ``later``, the slice that follows.

    Rows whose label is -1 are left out.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - a second

    columns = np.flatnonzero(~np.isnan(features).all(0))
    known, later_known = label >= 0, later_label >= 0
    stops = later_label[later_known].sum() >= 10
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=400 if stops else 150,
        max_depth=8,
        l2_regularization=1.0,
        early_stopping=bool(stops),
        n_iter_no_change=20,
        random_state=seed,
    )
    part = (
        {"X_val": later[later_known][:, columns], "y_val": later_label[later_known]}
        if stops
        else {}
    )
    return Boosting(boosting.fit(features[known][:, columns], label[known], **part), columns)


@dataclass(frozen=True)
class Ranking:
    """How well a score ranks ``n`` labelled events; None where one class is missing."""

    n: int
    n_fraud: int
    average_precision: float | None
    roc_auc: float | None


def ranking(score: NDArray[np.float64], label: NDArray[np.int8]) -> Ranking:
    """Rate a score over the rows whose label is 0 or 1.

    >>> ranking(np.array([0.1, 0.9, 0.5]), np.array([0, 1, -1], np.int8))
    Ranking(n=2, n_fraud=1, average_precision=1.0, roc_auc=1.0)
    """
    from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: PLC0415

    known = (label >= 0) & np.isfinite(score)
    y, s = label[known], score[known]
    both = 0 < y.sum() < len(y)
    return Ranking(
        len(y),
        int(y.sum()),
        float(average_precision_score(y, s)) if both else None,
        float(roc_auc_score(y, s)) if both else None,
    )
