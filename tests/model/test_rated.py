"""What is said of a training whose parts are beaten by something simple, or cannot be rated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.rated import verdicts
from tests.model.shop import answered, history
from tests.model.test_training import quick

PART = {"n": 900, "n_fraud": 40, "average_precision": 0.68, "roc_auc": 0.9}
SPEND = {"spearman": 0.5, "roc_auc": 0.7, "rmse": 1200.0, "mae": 40.0}


def test_nothing_is_said_where_the_fused_model_is_not_behind() -> None:
    metrics = {
        "fused": PART, "network": PART | {"average_precision": 0.9},
        "gradient_boosting": PART | {"average_precision": 0.68004}, "forest": PART,
        "words": PART | {"n": 12, "average_precision": 0.99},
    }  # fmt: skip
    spend = {"n_users": 70, "parts": {"spend_model": SPEND, "last_value": SPEND}}
    assert verdicts({"metrics": metrics, "spend_metrics": spend, "heads": ["spend"]}) == []
    assert verdicts({"metrics": {}}) == []


@pytest.mark.parametrize(
    ("better", "told"),
    [
        ({"average_precision": 0.71, "roc_auc": 0.8}, "average precision 0.710 against 0.680"),
        ({"average_precision": 0.3, "roc_auc": 0.95}, "ROC AUC 0.950 against 0.900"),
    ],
)
def test_a_baseline_that_ranks_better_is_said_in_one_sentence(
    better: dict[str, float], told: str
) -> None:
    metrics = {"fused": PART, "forest": PART | better}
    assert verdicts({"metrics": metrics}) == [
        f"the forest alone ranks better here than the fused model: {told}, among 40 frauds"
    ]


def test_an_estimate_that_tells_spend_better_is_said_in_one_sentence() -> None:
    parts = {
        "spend_model": SPEND, "past_spend": SPEND | {"rmse": None, "mae": None},
        "linear_regression": {"spearman": 0.4, "roc_auc": 0.71, "rmse": 1100.2, "mae": 39.0},
        "constant_median": {"spearman": None, "roc_auc": None, "rmse": 2000.0, "mae": 40.01},
    }  # fmt: skip
    spend = {"n_users": 70, "parts": parts}
    assert verdicts({"metrics": {}, "spend_metrics": spend, "heads": ["spend"]}) == [
        "linear regression tells spend better here than the spend model: "
        "ROC AUC of who spends 0.71 against 0.7, RMSE 1,100 against 1,200, "
        "MAE 39 against 40, on 70 users"
    ]


@pytest.mark.parametrize(
    ("n", "n_fraud", "told"), [(0, 0, "any answer"), (9, 0, "a bad case"), (9, 9, "an honest case")]
)
def test_a_slice_that_lacks_a_class_is_said(n: int, n_fraud: int, told: str) -> None:
    part = {"n": n, "n_fraud": n_fraud, "average_precision": None, "roc_auc": None}
    metrics = {"fused": part, "logistic_regression": part}
    assert verdicts({"metrics": metrics}) == [
        f"how well the parts rank is not known: the newest events are without {told}"
    ]
    assert verdicts({"metrics": {"fused": PART, "turned_bad": part}}) == [
        f"how well it tells who turns bad is not known: the newest events are without {told}"
    ]


def test_a_training_without_any_label_says_that_nothing_could_be_rated(tmp_path: Path) -> None:
    rows = history(1000)
    unknown = np.full(len(rows), -1, np.int8)
    manifest = quick(replace(rows, label=unknown, turned_bad=unknown), tmp_path / "m").manifest
    assert list(manifest["metrics"]) == ["forest"]
    told = verdicts(manifest)
    assert len(told) == 2
    assert told[0].endswith("without any answer")
    assert told[1].startswith("how well spend is told is not known")


def test_a_training_that_asks_users_rates_expected_spend(tmp_path: Path) -> None:
    rows = replace(history(1000), asked=answered(1200))
    manifest = quick(rows, tmp_path / "m").manifest
    parts = manifest["spend_metrics"]["parts"]
    assert manifest["spend_metrics"]["n_users"] > 50
    assert parts["spend_model"]["spearman"] > 0.8
    assert parts["spend_model"]["mae"] < parts["constant_median"]["mae"]
