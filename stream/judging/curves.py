"""What the plots of a backtest's report show: curves of the ranking and of the probabilities."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.caught import caught_by_alerts
from stream.judging.judged import Judged
from stream.judging.ladder import parts, steps_of
from stream.judging.probability import bins_of

MOST_POINTS: Final = 60
BIN_LOG_ODDS: Final = 0.5
MOST_LOG_ODDS: Final = 12.0
"""Scores further out than this, one in 160,000, count in the outermost bin."""

_NORMAL_95: Final = 1.959963984540054
"""The standard normal distribution's 97.5 % quantile."""


def curves_of(judged: Judged) -> dict[str, Any]:
    """Return the curves over the labelled events, JSON-ready: numbers and None, never NaN.

    ``precision_recall`` and ``roc`` are None where fraud or legitimate events are missing,
    ``calibration`` where no event has a probability, ``scores`` where there is no event, ``caught``
    where there is no fraud. Each is a list of at most 60 points, the strictest threshold first.
    """
    known = judged.take(judged.label >= 0)
    fraud = known.label == 1
    both = bool(fraud.any() and not fraud.all())
    steps = steps_of(known.score, fraud)
    return {
        "n": len(known),
        "n_fraud": int(fraud.sum()),
        "precision_recall": precision_recall(*steps) if both else None,
        "roc": roc(*steps) if both else None,
        "calibration": calibration(fraud, known.p),
        "scores": score_histogram(fraud, known.score),
        "caught": caught_by_alerts(known),
    }


def precision_recall(
    fraud: NDArray[np.bool_], score: NDArray[Any], n: NDArray[np.float64]
) -> list[dict[str, float]]:
    """Return precision and recall at thresholds evenly spread over the recall.

    Both classes must be there, each row ``n`` times. The points are scikit-learn's.

    >>> precision_recall(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]), np.ones(3))[0]
    {'threshold': 0.9, 'recall': 0.5, 'precision': 1.0}
    """
    from sklearn.metrics import precision_recall_curve  # noqa: PLC0415 - a second

    precision, recall, threshold = (
        np.asarray(part, np.float64)[::-1]
        for part in precision_recall_curve(fraud, score, sample_weight=n, drop_intermediate=True)
    )
    precision, recall = precision[1:], recall[1:]  # the first has no threshold
    first = int(np.argmax(recall > 0))
    wanted = np.linspace(recall[first], 1, MOST_POINTS)
    at = np.unique(np.minimum(np.searchsorted(recall, wanted - 1e-12), len(recall) - 1))
    return [
        {"threshold": float(t), "recall": float(r), "precision": float(p)}
        for t, r, p in zip(threshold[at], recall[at], precision[at], strict=True)
    ]


def roc(
    fraud: NDArray[np.bool_], score: NDArray[Any], n: NDArray[np.float64]
) -> list[dict[str, float | None]]:
    """Return recall against the share of false positives, most points where these are few.

    Both classes must be there, each row ``n`` times. The points are scikit-learn's; at the first,
    where nothing is taken, there is no threshold.
    """
    from sklearn.metrics import roc_curve  # noqa: PLC0415 - a second

    fpr, tpr, threshold = roc_curve(fraud, score, sample_weight=n)
    rare = np.geomspace(max(1e-6, 1 / n[~fraud].sum()), 1, MOST_POINTS - 2)
    at = np.searchsorted(fpr, np.concatenate([[0.0], rare]) + 1e-12, "right") - 1
    at = np.unique(np.concatenate([[0], at, [len(fpr) - 1]]))[:MOST_POINTS]
    return [
        {
            "threshold": float(t) if np.isfinite(t) else None,
            "false_positive_rate": float(f),
            "recall": float(r),
        }
        for t, f, r in zip(threshold[at], fpr[at], tpr[at], strict=True)
    ]


def calibration(fraud: NDArray[np.bool_], p: NDArray[Any]) -> list[dict[str, Any]] | None:
    """Return 15 bins of equal mass, those of ``ece``: mean probability and share of fraud.

    ``interval_95`` is Wilson's for the share, as if events were independent. Source: E. B. Wilson,
    "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
    """
    known = ~np.isnan(p)
    if not known.all():
        fraud, p = fraud[known], p[known]
    if not len(p):
        return None
    edges = bins_of(p)
    n, bad = np.zeros((2, len(edges) + 1), np.int64)
    total = np.zeros(len(n))
    for part in parts(len(p)):
        bins = np.searchsorted(edges, p[part], "left")
        n += np.bincount(bins, minlength=len(n))
        total += np.bincount(bins, p[part].astype(np.float64), len(n))
        bad += np.bincount(bins[fraud[part]], minlength=len(n))
    return [
        {
            "n": int(n[b]),
            "n_fraud": int(bad[b]),
            "mean_p": float(total[b] / n[b]),
            "fraud_share": float(bad[b] / n[b]),
            "interval_95": wilson(int(bad[b]), int(n[b])),
        }
        for b in np.flatnonzero(n)[::-1].tolist()
    ]


def wilson(k: int, n: int) -> list[float]:
    """Return the 95 % interval of a share of which ``k`` in ``n`` were seen.

    >>> [round(end, 3) for end in wilson(0, 10)]
    [0.0, 0.278]
    """
    share, z2 = k / n, _NORMAL_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_95 * ((share * (1 - share) + z2 / (4 * n)) / n) ** 0.5 / (1 + z2 / n)
    return [max(0.0, middle - half) if k else 0.0, min(1.0, middle + half) if k < n else 1.0]


def score_histogram(fraud: NDArray[np.bool_], score: NDArray[Any]) -> list[dict[str, Any]] | None:
    """Return how many events of each class have scores in bins half a unit of log-odds wide.

    ``low`` and ``high`` are scores; the outermost bins reach to 0 and 1. ``fraud_share`` and
    ``legitimate_share`` are shares of their class, None where it is empty.
    """
    if not len(score):
        return None
    inner = np.arange(-MOST_LOG_ODDS, MOST_LOG_ODDS + BIN_LOG_ODDS / 2, BIN_LOG_ODDS)
    edges = 1 / (1 + np.exp(-inner))
    bad, good = np.zeros((2, len(edges) + 1), np.int64)
    for part in parts(len(score)):
        bins, is_bad = np.searchsorted(edges, score[part], "right"), fraud[part]
        bad += np.bincount(bins[is_bad], minlength=len(bad))
        good += np.bincount(bins[~is_bad], minlength=len(good))
    ends = np.concatenate([[0.0], edges, [1.0]]).tolist()
    used = np.flatnonzero(bad + good)
    return [
        {
            "low": ends[b],
            "high": ends[b + 1],
            "n_fraud": int(bad[b]),
            "n_legitimate": int(good[b]),
            "fraud_share": float(bad[b] / bad.sum()) if bad.any() else None,
            "legitimate_share": float(good[b] / good.sum()) if good.any() else None,
        }
        for b in range(int(used[-1]), int(used[0]) - 1, -1)
    ]
