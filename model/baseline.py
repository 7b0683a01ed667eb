"""Gradient boosting on the same features: part of every model, and reported alone beside it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ENOUGH_TO_STOP: Final = 10
"""Frauds that the later slice must hold to say when to stop."""


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

    Trees are small and each split chooses among a third of the features, drawn anew: with few
    frauds, large trees over all features learn them by heart. Rows whose label is -1 are left out.
    """
    columns = np.flatnonzero(~np.isnan(features).all(0))
    known, later_known = label >= 0, later_label >= 0
    stops = later_label[later_known].sum() >= ENOUGH_TO_STOP
    part = (
        {"X_val": later[later_known][:, columns], "y_val": later_label[later_known]}
        if stops
        else {}
    )
    boosting = _untrained(400 if stops else 150, bool(stops), seed)
    return Boosting(boosting.fit(features[known][:, columns], label[known], **part), columns)


def refit_boosting(
    found: Boosting, features: NDArray[np.float32], label: NDArray[np.int8], *, seed: int
) -> Boosting:
    """Fit as many trees as ``found`` has, and no others, to more rows: the newest count too."""
    columns = np.flatnonzero(~np.isnan(features).all(0))
    known = label >= 0
    boosting = _untrained(found.trees.n_iter_, False, seed)
    return Boosting(boosting.fit(features[known][:, columns], label[known]), columns)


def _untrained(n_trees: int, stops: bool, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - a second

    return HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=n_trees,
        max_leaf_nodes=15,
        max_depth=6,
        min_samples_leaf=20,
        max_features=0.3,
        l2_regularization=5.0,
        early_stopping=stops,
        n_iter_no_change=20,
        random_state=seed,
    )


@dataclass(frozen=True)
class Ranking:
    """How well a score ranks ``n`` labelled events; None where one class is missing."""

    n: int
    n_fraud: int
    average_precision: float | None
    roc_auc: float | None


def ranking(
    score: NDArray[np.float64], label: NDArray[np.int8], weight: NDArray[np.float64] | None = None
) -> Ranking:
    """Rate a score over the rows whose label is 0 or 1; ``weight`` float64[n] is what each counts.

    >>> ranking(np.array([0.1, 0.9, 0.5]), np.array([0, 1, -1], np.int8))
    Ranking(n=2, n_fraud=1, average_precision=1.0, roc_auc=1.0)
    """
    from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: PLC0415

    known = (label >= 0) & np.isfinite(score)
    y, s = label[known], score[known]
    w = None if weight is None else weight[known]
    both = 0 < y.sum() < len(y)
    return Ranking(
        len(y),
        int(y.sum()),
        float(average_precision_score(y, s, sample_weight=w)) if both else None,
        float(roc_auc_score(y, s, sample_weight=w)) if both else None,
    )
