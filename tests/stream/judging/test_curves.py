"""The curves of a report: scikit-learn's, thinned, and equal to the metrics beside them."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from stream.judging import ladder
from stream.judging.budget import by_budget
from stream.judging.curves import MOST_POINTS, curves_of
from stream.judging.days import days_of
from stream.judging.judged import Judged
from stream.judging.probability import calibration_error
from tests.stream.judging.cases import judged

PLOTS = ("precision_recall", "roc", "calibration", "scores", "caught")


def column(points: Any, name: str) -> list[float]:
    return [point[name] for point in points]


def test_every_point_of_the_curves_is_scikit_learns() -> None:
    events = judged(5_000, score=np.random.default_rng(1).random(5_000))
    fraud, curves = events.label == 1, curves_of(events)
    precision, recall, threshold = precision_recall_curve(fraud, events.score)
    exact = set(zip(threshold, recall[:-1], precision[:-1], strict=True))
    found = curves["precision_recall"]
    assert {(p["threshold"], p["recall"], p["precision"]) for p in found} <= exact
    fpr, tpr, thresholds = roc_curve(fraud, events.score)
    exact = set(zip(thresholds[1:], fpr[1:], tpr[1:], strict=True))
    drawn = curves["roc"]
    assert {(p["threshold"], p["false_positive_rate"], p["recall"]) for p in drawn[1:]} <= exact
    assert (drawn[0]["threshold"], drawn[0]["false_positive_rate"], drawn[0]["recall"]) == (
        None, 0, 0,
    )  # fmt: skip
    assert drawn[-1]["false_positive_rate"] == drawn[-1]["recall"] == 1


def test_the_thinned_curves_keep_the_areas() -> None:
    rng = np.random.default_rng(0)
    fraud = rng.random(50_000) < 0.02
    score = 1 / (1 + np.exp(4 - 2 * fraud - rng.normal(size=50_000)))
    curves = curves_of(judged(50_000, score=score, p=score, label=fraud.astype(np.int8)))
    x, y = (column(curves["roc"], name) for name in ("false_positive_rate", "recall"))
    fpr, tpr, _ = roc_curve(fraud, score)
    assert auc(x, y) == pytest.approx(auc(fpr, tpr), abs=0.005)
    assert sum(share < 0.01 for share in x) > 15
    recall, precision = (column(curves["precision_recall"], n) for n in ("recall", "precision"))
    exact, at, _ = precision_recall_curve(fraud, score)
    assert auc(recall, precision) == pytest.approx(auc(at, exact), abs=0.01)
    assert recall == sorted(recall)
    assert recall[-1] == 1


def test_a_budget_catches_what_the_metrics_say() -> None:
    events = judged(20_000)
    found = {point["alerts_per_day"]: point for point in curves_of(events)["caught"]}
    for budget, block in by_budget(events, days_of(events.day)).items():
        point = found[int(budget)]
        assert point["n_alerts"] == block["n_alerts"]
        assert point["n_caught"] == pytest.approx(block["n_caught"])
        assert point["precision"] == pytest.approx(block["precision"])
        assert point["count_share"] == pytest.approx(block["recall"])
        assert point["amount_share"] == pytest.approx(block["recall_by_amount"])
    assert found[max(found)]["count_share"] == 1
    assert found[max(found)]["n_alerts"] == 20_000


def test_the_bins_of_the_calibration_are_those_of_its_error() -> None:
    events = judged(5_000)
    bins = curves_of(events)["calibration"]
    gaps = sum(b["n"] * abs(b["mean_p"] - b["fraud_share"]) for b in bins) / len(events)
    assert gaps == pytest.approx(calibration_error(events.label == 1, events.p, None))
    assert sum(column(bins, "n")) == 5_000
    assert sum(column(bins, "n_fraud")) == (events.label == 1).sum()
    for b in bins:
        low, high = b["interval_95"]
        assert 0 <= low <= b["fraud_share"] <= high <= 1


def test_the_histogram_counts_every_event_in_the_bin_of_its_score() -> None:
    score = np.concatenate([[0.0, 1.0, 1e-9, 0.5], np.random.default_rng(0).random(996)])
    events = judged(1_000, score=score)
    bins = curves_of(events)["scores"]
    for b in bins:
        inside = (score >= b["low"]) & ((score < b["high"]) | (b["high"] == 1.0))
        assert b["n_fraud"] == (inside & (events.label == 1)).sum()
        assert b["n_legitimate"] == (inside & (events.label == 0)).sum()
    assert sum(column(bins, "fraud_share")) == pytest.approx(1)
    assert sum(column(bins, "legitimate_share")) == pytest.approx(1)
    assert (bins[-1]["low"], bins[0]["high"]) == (0.0, 1.0)


def test_only_labelled_events_count() -> None:
    events = judged(3_000)
    events.label[::3] = -1
    assert curves_of(events) == curves_of(events.take(events.label >= 0))
    assert curves_of(events)["n"] == 2_000


def test_curves_made_in_chunks_are_the_same(monkeypatch) -> None:
    events = judged(500)
    whole = curves_of(events)
    monkeypatch.setattr(ladder, "CHUNK", 17)
    parts = curves_of(events)
    means, expected = (
        [bins.pop("mean_p") for bins in curves["calibration"]] for curves in (parts, whole)
    )
    assert means == pytest.approx(expected)
    assert parts == whole


@pytest.mark.parametrize(
    ("events", "empty"),
    [
        (judged(200, label=np.zeros(200, np.int8)), {"precision_recall", "roc", "caught"}),
        (judged(200, label=np.ones(200, np.int8)), {"precision_recall", "roc"}),
        (judged(200, p=np.full(200, np.nan)), {"calibration"}),
        (judged(200, label=np.full(200, -1, np.int8)), set(PLOTS)),
        (judged(1, label=np.ones(1, np.int8)), {"precision_recall", "roc"}),
        (judged(1, label=np.zeros(1, np.int8)), {"precision_recall", "roc", "caught"}),
        (judged(2, label=np.array([0, 1], np.int8), score=np.full(2, 0.5)), set()),
        (judged(200, p=np.where(np.arange(200) % 2, 0.1, np.nan)), set()),
        (judged(200, amount=np.full(200, np.nan)), set()),
        (judged(300, score=np.arange(300) % 2 * 1.0), set()),
        (judged(40_000, score=np.random.default_rng(2).random(40_000)), set()),
    ],
)
def test_thin_runs_have_what_they_can_and_none_for_the_rest(events: Judged, empty: set) -> None:
    curves = curves_of(events)
    assert {name for name in PLOTS if curves[name] is None} == empty
    json.dumps(curves, allow_nan=False)
    assert all(0 < len(curves[name]) <= MOST_POINTS for name in PLOTS if name not in empty)


def test_without_amounts_their_share_is_unknown() -> None:
    caught = curves_of(judged(200, amount=np.full(200, np.nan)))["caught"]
    assert {point["amount_share"] for point in caught} == {None}


def test_small_numbers_give_the_same_as_large() -> None:
    events = judged(2_000)
    narrow = judged(2_000, score=events.score.astype(np.float32), p=events.p.astype(np.float32))
    for name in ("precision_recall", "roc"):
        wide, small = curves_of(events)[name], curves_of(narrow)[name]
        assert column(wide, "recall") == pytest.approx(column(small, "recall"))
