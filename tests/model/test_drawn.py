"""Rows of which all frauds and only a share of the other events are there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.baseline import ranking
from model.calibration import log_loss
from model.recipe import Recipe
from model.rows import TrainingRows
from model.scorer import ModelScorer
from model.training import train
from tests.model.shop import NAMES, history

SHARE = 0.25


def thinned(rows: TrainingRows) -> TrainingRows:
    """Return ``SHARE`` of the rows by chance, and the other frauds."""
    drawn = np.random.default_rng(5).random(len(rows)) < SHARE
    at = np.flatnonzero(drawn | (rows.label == 1))
    return replace(rows, drawn=drawn, share=SHARE).take(at)


def test_the_rows_weigh_as_much_as_the_events_that_they_stand_for() -> None:
    whole = history(40_000, fraud=0.02)
    rows = thinned(whole)
    assert (rows.label == 1).sum() == (whole.label == 1).sum()
    assert len(rows) < 0.28 * len(whole)
    weights = rows.weights()
    assert weights.sum() == pytest.approx(len(whole), rel=0.02)
    assert weights[rows.label == 1].max() == 1
    score = rows.x.features[:, 0] * rows.x.features[:, 1]
    among_all = whole.x.features[:, 0] * whole.x.features[:, 1]
    found = ranking(score, rows.label, weights).average_precision
    truth = ranking(among_all, whole.label).average_precision
    unweighted = ranking(score, rows.label).average_precision
    assert found is not None
    assert truth is not None
    assert unweighted is not None
    assert found == pytest.approx(truth, rel=0.05)
    assert unweighted > 1.3 * truth


def test_probabilities_learned_from_them_add_up_to_what_happens_among_all(tmp_path: Path) -> None:
    rows = thinned(history(12_000, fraud=0.03))
    folder = train(
        rows, out=tmp_path / "m", progress=False, feature_names=NAMES, feature_version="7",
        recipe=Recipe(epochs=1, at_least_negatives=3000),
    )  # fmt: skip
    scorer = ModelScorer.load(folder)
    later = history(6_000, seed=10, fraud=0.03)
    p, fraud = scorer.score(later.x).p_fraud.astype(np.float64), later.label == 1
    assert p.sum() == pytest.approx(fraud.sum(), rel=0.3)
    assert log_loss(p, fraud) < 0.65 * log_loss(np.full(len(p), fraud.mean()), fraud)
    assert scorer.manifest["training"]["drawn_share"] == SHARE
