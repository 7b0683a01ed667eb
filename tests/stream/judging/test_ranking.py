"""Rank metrics from the ladder equal scikit-learn's on the events themselves."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from stream.judging.ladder import ladder_of, sums_of
from stream.judging.ranking import TOPS, Rungs, point_metrics, rank_maxima, resampled_metrics

PLAIN = ("roc_auc", "average_precision", "recall_at_fpr_1pct", "ks")


def _events(seed: int, n: int = 2_000, decimals: int = 2) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.1
    score = np.round(rng.normal(0, 1, n) + 1.5 * fraud, decimals)
    return score, fraud, rng.gamma(2, 10, n)


def _rungs(score: Any, fraud: Any, counts: Any, worth: Any) -> Rungs:
    ladder = ladder_of(score, fraud, (*TOPS, int(fraud.sum())))
    return Rungs(
        *(sums_of(ladder, at, by) for by in (counts, worth) for at in (fraud, ~fraud)),
    )


def _reference(score: Any, fraud: Any, weight: Any) -> dict[str, float]:
    fpr, tpr, _ = roc_curve(fraud, score, sample_weight=weight, drop_intermediate=False)
    return {
        "roc_auc": roc_auc_score(fraud, score, sample_weight=weight),
        "average_precision": average_precision_score(fraud, score, sample_weight=weight),
        "recall_at_fpr_1pct": max(t for f, t in zip(fpr, tpr, strict=True) if f <= 0.01),
        "ks": max(t - f for f, t in zip(fpr, tpr, strict=True)),
    }


def _precision_over_orders(score: Any, fraud: Any, k: int) -> float:
    """The mean over many random orders of the events of one score."""
    rng = np.random.default_rng(0)
    tops = [np.lexsort((rng.random(len(score)), -score))[:k] for _ in range(4_000)]
    return float(np.mean([fraud[top].mean() for top in tops]))


@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_points_equal_scikit_learn_by_count_and_by_amount(decimals) -> None:
    score, fraud, amount = _events(1, decimals=decimals)
    for worth in (None, amount):
        weight = None if worth is None else worth
        found = point_metrics(_rungs(score, fraud, None, worth))
        expected = _reference(score, fraud, weight)
        assert {name: found[name] for name in PLAIN} == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_resamples_equal_scikit_learn_with_sample_weights(decimals) -> None:
    score, fraud, amount = _events(2, decimals=decimals)
    drawn = np.random.default_rng(3).poisson(1.0, (5, len(score)))
    for worth in (np.ones(len(score)), amount):
        parts = [_rungs(score, fraud, w, w * worth) for w in drawn]
        names = ("fraud", "legit", "fraud_worth", "legit_worth")
        block = Rungs(*(np.stack([getattr(p, n) for p in parts], 1) for n in names))
        found = resampled_metrics(block)
        for b, w in enumerate(drawn):
            expected = _reference(score, fraud, w * worth)
            assert {n: found[n][b] for n in PLAIN} == pytest.approx(expected, rel=1e-9)
            tops = point_metrics(parts[b])["precision_at_k"]
            assert {k: found["precision_at_k"][k][b] for k in tops} == pytest.approx(tops)


def test_precision_in_the_first_k_is_the_mean_over_orders_of_ties() -> None:
    score, fraud, _ = _events(4, n=600, decimals=1)
    found = point_metrics(_rungs(score, fraud, None, None))["precision_at_k"]
    assert found["50"] == pytest.approx(_precision_over_orders(score, fraud, 50), abs=0.004)
    n_fraud = int(fraud.sum())
    assert found["n_fraud"] == pytest.approx(
        _precision_over_orders(score, fraud, n_fraud), abs=0.004
    )


def test_precision_in_the_first_k_by_amount_is_the_share_of_the_amount() -> None:
    score, fraud, amount = _events(5, decimals=9)
    found = point_metrics(_rungs(score, fraud, None, amount))["precision_at_k"]
    for name, share in found.items():
        top = np.argsort(-score)[: fraud.sum() if name == "n_fraud" else int(name)]
        assert share == pytest.approx(amount[top][fraud[top]].sum() / amount[top].sum())


def test_with_one_class_nothing_is_known() -> None:
    score = np.array([0.1, 0.9])
    for fraud in (np.zeros(2, np.bool_), np.ones(2, np.bool_)):
        rungs = _rungs(score, fraud, None, None)
        found = point_metrics(rungs)
        assert all(found[name] is None for name in PLAIN)
        assert set(found["precision_at_k"].values()) == {None}
        names = ("fraud", "legit", "fraud_worth", "legit_worth")
        drawn = resampled_metrics(Rungs(*(getattr(rungs, n)[:, None] for n in names)))
        assert all(np.isnan(drawn[name]).all() for name in PLAIN)


def test_a_top_larger_than_the_events_is_unknown() -> None:
    score, fraud, _ = _events(6, n=70)
    found = point_metrics(_rungs(score, fraud, None, None))["precision_at_k"]
    assert found["50"] is not None
    assert found["100"] is None
    assert found["500"] is None


def test_one_score_for_all_ranks_nothing() -> None:
    _, fraud, _ = _events(7)
    found = point_metrics(_rungs(np.full(len(fraud), 0.5), fraud, None, None))
    assert found["roc_auc"] == 0.5
    assert found["average_precision"] == pytest.approx(fraud.mean())
    assert found["ks"] == found["recall_at_fpr_1pct"] == 0
    assert found["precision_at_k"]["100"] == pytest.approx(fraud.mean())


def test_the_truth_as_a_score_attains_the_maximum() -> None:
    _, fraud, amount = _events(8)
    cheap = np.where(fraud, 2.0, 1 / (1 + amount))  # frauds, then the least amounts
    for score, worth in ((fraud.astype(float), None), (cheap, amount)):
        found = point_metrics(_rungs(score, fraud, None, worth))
        found["fraud_amount"] = amount[fraud].sum()
        cheapest = None if worth is None else np.sort(amount[~fraud])[:500]
        most = rank_maxima(found, n_fraud=int(fraud.sum()), cheapest=cheapest)
        assert found["precision_at_k"] == pytest.approx(most.pop("precision_at_k"))
        assert {name: found[name] for name in PLAIN} == pytest.approx(most)
