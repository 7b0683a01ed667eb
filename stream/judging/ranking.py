"""How well a score ranks: metrics of the sums on a ladder's rungs, by count or by amount.

``fraud`` and ``legit`` are float64[S] or [S, B]: what fraudulent and legitimate events add up to on
each rung, the highest score first, in one sample or in B resamples at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

TOPS: Final = (50, 100, 500)
MOST_FPR: Final = 0.01
PLAIN: Final = ("roc_auc", "average_precision", "recall_at_fpr_1pct", "ks")

Values = Mapping[str, Any]
"""Metrics by name, numbers or arrays; of ``precision_at_k`` one by k."""


@dataclass(frozen=True, eq=False)
class Rungs:
    """Sums on the rungs: of events, and of what these are worth; the same where that is one."""

    fraud: NDArray[np.float64]
    legit: NDArray[np.float64]
    fraud_worth: NDArray[np.float64]
    legit_worth: NDArray[np.float64]


def point_metrics(rungs: Rungs) -> dict[str, Any]:
    """Return scikit-learn's metrics of one sample, None where a class is missing.

    ``recall_at_fpr_1pct`` is the highest recall of a threshold that at most 1 % of the legitimate
    exceed; ``ks`` the largest lead of the recall over the share of false positives, 0 where the
    score never leads. Events of one score are found together, or, in the first k, in shares.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve  # noqa: PLC0415

    fraud, legit = rungs.fraud_worth, rungs.legit_worth
    tops = _tops(rungs)
    if not (fraud.sum() > 0 and legit.sum() > 0):
        return dict.fromkeys(PLAIN) | {"precision_at_k": dict.fromkeys(tops)}
    here, there = np.flatnonzero(fraud), np.flatnonzero(legit)
    y = np.repeat([1, 0], [len(here), len(there)])
    score = -np.concatenate([here, there])
    weight = np.concatenate([fraud[here], legit[there]])
    fpr, tpr, _ = roc_curve(y, score, sample_weight=weight, drop_intermediate=False)
    n = rungs.fraud.sum() + rungs.legit.sum()
    return {
        "roc_auc": float(roc_auc_score(y, score, sample_weight=weight)),
        "average_precision": float(average_precision_score(y, score, sample_weight=weight)),
        "recall_at_fpr_1pct": float(tpr[fpr <= MOST_FPR].max()),
        "ks": float((tpr - fpr).max()),
        "precision_at_k": {
            name: precision_at(k, rungs) if k <= n else None for name, k in tops.items()
        },
    }


def resampled_metrics(rungs: Rungs) -> dict[str, Any]:
    """Return the same of B resamples, float64[B] each, in one pass down the rungs.

    NaN where a resample lacks a class. Equal to scikit-learn's with sample weights.
    """
    sums = rungs.fraud, rungs.legit, rungs.fraud_worth, rungs.legit_worth
    names = [*PLAIN, *(tops := _tops(rungs))]
    n = rungs.fraud.sum(0) + rungs.legit.sum(0)
    ks = np.stack([np.minimum(k, n).astype(np.float64) for k in tops.values()])
    values = dict(zip(names, descend(*sums, ks), strict=True))
    return {name: values[name] for name in PLAIN} | {
        "precision_at_k": {name: values[name] for name in tops}
    }


@njit(cache=True, nogil=True)
def descend(
    fraud: NDArray[Any],
    legit: NDArray[Any],
    fraud_worth: NDArray[Any],
    legit_worth: NDArray[Any],
    ks: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return ROC AUC, average precision, recall at 1 % and KS, then precision at each ``ks``.

    The sums are [S, B]; ``ks`` float64[K, B], at most the events of the column; the result
    float64[4 + K, B].
    """
    n_columns, n_tops = fraud.shape[1], len(ks)
    values = np.zeros((4 + n_tops, n_columns))
    all_fraud, all_legit = np.zeros(n_columns), np.zeros(n_columns)
    for s in range(len(fraud)):
        for b in range(n_columns):
            all_fraud[b] += fraud_worth[s, b]
            all_legit[b] += legit_worth[s, b]
    found, false, down = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns)
    for s in range(len(fraud)):
        for b in range(n_columns):
            here = fraud[s, b] + legit[s, b]
            if here == 0:
                continue
            for t in range(n_tops):
                if down[b] < ks[t, b] <= down[b] + here:
                    share = (ks[t, b] - down[b]) / here
                    top = found[b] + share * fraud_worth[s, b]
                    either = top + false[b] + share * legit_worth[s, b]
                    values[4 + t, b] = top / either if either > 0 else 0.0
            down[b] += here
            found[b] += fraud_worth[s, b]
            false[b] += legit_worth[s, b]
            if not (all_fraud[b] > 0 and all_legit[b] > 0):
                continue
            recall, fpr = found[b] / all_fraud[b], false[b] / all_legit[b]
            if fpr <= MOST_FPR:
                values[2, b] = recall
            values[3, b] = max(values[3, b], recall - fpr)
            if fraud_worth[s, b] > 0:
                share = fraud_worth[s, b] / all_fraud[b]
                values[0, b] += share * (1 - fpr + legit_worth[s, b] / all_legit[b] / 2)
                values[1, b] += share * found[b] / (found[b] + false[b])
    for b in range(n_columns):
        if not (all_fraud[b] > 0 and all_legit[b] > 0):
            values[:, b] = np.nan
    return values


def precision_at(k: float, rungs: Rungs) -> float:
    """Return the share of fraud among the k highest events, of one sample that has as many.

    Of a rung that they only reach into they take an equal share of every event, as the mean over
    all orders of the events of one score does.

    >>> two, no = np.array([0.0, 1.0, 0.0]), np.array([1.0, 1.0, 5.0])
    >>> precision_at(2, Rungs(two, no, two, no))
    0.25
    """
    events = rungs.fraud + rungs.legit
    last = int((np.cumsum(events) >= k).argmax())
    share = (k - events[:last].sum()) / events[last]
    fraud, legit = (
        worth[:last].sum() + share * worth[last] for worth in (rungs.fraud_worth, rungs.legit_worth)
    )
    return float(fraud / (fraud + legit))


def rank_maxima(metrics: Values, *, n_fraud: int, cheapest: NDArray[Any] | None) -> dict[str, Any]:
    """Return the most that any ranking could attain, None where the metric is.

    ``cheapest`` float[m]: by amount, what the legitimate are worth, the least first; None by count.
    Where k exceeds the frauds, the best k end with legitimate events.
    """

    def top(k: int) -> float:
        if cheapest is None or k <= n_fraud:
            return min(1.0, n_fraud / k)
        fraud, rest = float(metrics["fraud_amount"]), float(cheapest[: k - n_fraud].sum())
        return fraud / (fraud + rest)

    tops = {
        name: None if value is None else top(n_fraud if name == "n_fraud" else int(name))
        for name, value in metrics["precision_at_k"].items()
    }
    return {name: None if metrics[name] is None else 1.0 for name in PLAIN} | {
        "precision_at_k": tops
    }


def _tops(rungs: Rungs) -> dict[str, Any]:
    """Return the values of k by name; that of ``n_fraud`` is each sample's own."""
    return {str(k): k for k in TOPS} | {"n_fraud": rungs.fraud.sum(0)}
