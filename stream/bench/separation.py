"""How far one feature, or the text alone, tells fraud from honest events."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_HONEST: Final = 20_000
"""Honest events that are compared with; more would not move an AUC by a point."""

MOST_TEXTS: Final = 8_000
FEWEST_TEXTS: Final = 30
FOLDS: Final = 5


def feature_aucs(
    features: NDArray[np.float32], fraud: NDArray[np.bool_], seed: int = 0
) -> NDArray[np.float64]:
    """Return the AUC of each feature for itself, float64[2, F], above .5 where fraud has more.

    ``features`` float32[n, F] with NaN for unknown, which counts as less than everything in the
    first row of the result and as more than everything in the second.

    >>> x = np.array([[1.0], [2.0], [3.0], [np.nan]], np.float32)
    >>> feature_aucs(x, np.array([False, False, True, True])).tolist()
    [[0.5], [1.0]]
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - a second

    at = _some(fraud, MOST_HONEST, seed)
    x, y = features[at], fraud[at]
    n, m = int(y.sum()), int((~y).sum())
    ends = np.array([-np.inf, np.inf], np.float32)
    ranks = np.stack([rankdata(np.where(np.isnan(x), end, x), axis=0)[y].sum(0) for end in ends])
    aucs: NDArray[np.float64] = (ranks - n * (n + 1) / 2) / (n * m)
    return aucs


def text_auc(
    texts: Sequence[str | None], users: NDArray[np.uint64], fraud: NDArray[np.bool_], seed: int = 0
) -> float | None:
    """Return the AUC of a logistic regression on character n-grams, cross-validated by user.

    Only events with a text take part; None where fewer than ``FEWEST_TEXTS`` of either class have
    one, or too few users wrote them.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - a second
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415

    written = np.flatnonzero([bool(text) for text in texts])
    at = written[_some(fraud[written], MOST_TEXTS, seed)]
    y, groups = fraud[at], users[at]
    if min(y.sum(), (~y).sum()) < FEWEST_TEXTS or len(np.unique(groups[y])) < FOLDS:
        return None
    words = [texts[i] or "" for i in at.tolist()]
    score = np.zeros(len(at))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learn, judge in folds.split(at, y, groups):
        grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
        known = grams.fit_transform([words[i] for i in learn.tolist()])
        fitted = LogisticRegression(class_weight="balanced", C=1.0, solver="liblinear")
        fitted.fit(known, y[learn])
        score[judge] = fitted.decision_function(grams.transform([words[i] for i in judge.tolist()]))
    return float(roc_auc_score(y, score))


def _some(fraud: NDArray[np.bool_], most: int, seed: int) -> NDArray[np.int64]:
    """Return all of the fraud and at most so many of the rest."""
    honest = np.flatnonzero(~fraud)
    if len(honest) > most:
        honest = np.random.default_rng(seed).choice(honest, most, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(fraud), honest]))
