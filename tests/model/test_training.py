import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.calibration import log_loss
from model.lacking import LACKS, LACKS_FIELDS, LACKS_PAST, LACKS_TEXT, LACKS_WORDS
from model.recipe import Recipe
from model.rows import TrainingRows, take
from model.scorer import ModelScorer
from model.training import train
from tests.model.shop import NAMES, history
from topics.errors import InputError

QUICK = Recipe(epochs=1, at_least_negatives=2000)


def quick(rows: TrainingRows, out: Path, **changes: object) -> ModelScorer:
    settings = {"feature_names": NAMES, "feature_version": "7", "recipe": QUICK, **changes}
    return ModelScorer.load(train(rows, out=out, progress=False, **settings))  # type: ignore[arg-type]


def test_the_manifest_reports_each_part_and_the_baselines_on_the_same_events(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    metrics = manifest["metrics"]
    assert metrics["network"]["n_fraud"] == metrics["gradient_boosting"]["n_fraud"] > 20
    assert (
        metrics["network"]["average_precision"]
        > 0.9 * metrics["gradient_boosting"]["average_precision"]
    )
    assert metrics["gradient_boosting"]["average_precision"] > 0.3
    assert list(metrics)[:2] == ["fused", "network"]
    for name in ("logistic_regression", "forest"):
        assert metrics[name]["n"] == metrics["fused"]["n"]
        assert metrics[name]["n_fraud"] == metrics["fused"]["n_fraud"]
    assert metrics["fused"]["roc_auc"] > metrics["logistic_regression"]["roc_auc"] > 0.7
    training = manifest["training"]
    assert training["from_ms"] < training["report_from_ms"] < training["until_ms"]
    assert manifest["lacks"] == [LACKS_TEXT, LACKS_FIELDS]
    assert not any("fine_tuning" in key for key in manifest)
    assert set(manifest["libraries"]) >= {"torch", "numpy", "scikit-learn"}


def test_the_same_seed_gives_the_same_model_and_another_seed_another(tmp_path: Path) -> None:
    rows = history(1500)
    one, two = quick(rows, tmp_path / "1"), quick(rows, tmp_path / "2")
    other = quick(rows, tmp_path / "3", seed=1)
    assert one.version == two.version != other.version
    np.testing.assert_array_equal(one.score(rows.x).p_fraud, two.score(rows.x).p_fraud)


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    rows = history(1200)
    rows.time_ms[:] = np.arange(len(rows)) * 1000
    mixed = rows.take(np.random.default_rng(0).permutation(len(rows)))
    assert quick(rows, tmp_path / "1").version == quick(mixed, tmp_path / "2").version


def test_without_labels_forest_and_spend_remain_and_it_says_what_is_missing(tmp_path: Path) -> None:
    rows = history(1000)
    unknown = np.full(len(rows), -1, np.int8)
    scorer = quick(replace(rows, label=unknown, turned_bad=unknown), tmp_path / "m")
    found = scorer.score(rows.x)
    assert np.isnan(found.p_fraud).all()
    assert np.isnan(found.p_bad).all()
    assert (found.spend > 0).all()
    assert found.anomaly.std() > 0.1
    assert scorer.manifest["lacks"] == [LACKS["fraud"], LACKS["bad"], LACKS_TEXT, LACKS_FIELDS]
    assert not scorer.explain(rows.x, np.arange(5)).any()


def test_with_nothing_to_learn_from_the_forest_remains(tmp_path: Path) -> None:
    rows = history(400)
    unknown, nothing = np.full(len(rows), -1, np.int8), np.full(len(rows), np.nan, np.float32)
    empty = replace(rows, label=unknown, turned_bad=unknown, spend=nothing)
    found = quick(empty, tmp_path / "m").score(rows.x)
    assert np.isnan(found.spend).all()
    assert found.anomaly.std() > 0.1


def test_features_that_are_never_known_do_no_harm(tmp_path: Path) -> None:
    rows = history(1000)
    rows.x.features[:, 5] = np.nan
    rows.x.features[:, 6] = 3
    scorer = quick(rows, tmp_path / "m")
    assert np.isnan(scorer.usual[5])
    rows.x.features[:50, 5:7] = [np.inf, -np.inf]
    assert np.isfinite(scorer.score(rows.x).p_fraud).all()


def test_users_without_any_past_can_be_learned_from(tmp_path: Path) -> None:
    rows = history(1000)
    rows.x.past["step"] = 255
    rows.x.n_past[:] = 0
    scorer = quick(rows, tmp_path / "m")
    assert np.isfinite(scorer.score(rows.x).p_fraud).all()
    assert scorer.manifest["lacks"] == [LACKS_PAST, LACKS_TEXT, LACKS_FIELDS]


def test_time_that_runs_out_still_gives_a_model(tmp_path: Path) -> None:
    scorer = quick(history(3000), tmp_path / "m", max_seconds=0.3, recipe=Recipe())
    assert scorer.manifest["training"]["epochs"] < 5


def test_spend_is_told_per_thirty_days_whatever_time_it_was_learned_over(tmp_path: Path) -> None:
    rows = history(1000)
    month, week = (
        quick(rows, tmp_path / name, **changes)
        for name, changes in {"month": {}, "week": {"spend_horizon_days": 7.5}}.items()
    )
    assert week.manifest["spend_horizon_days"] == 7.5
    np.testing.assert_allclose(week.score(rows.x).spend, 4 * month.score(rows.x).spend, rtol=1e-6)
    np.testing.assert_array_equal(week.score(rows.x).p_bad, month.score(rows.x).p_bad)


def test_too_few_rows_and_wrong_names_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 200"):
        quick(history(100), tmp_path / "m")
    with pytest.raises(InputError, match="12 features, the table 11"):
        quick(history(300), tmp_path / "m", feature_names=NAMES[1:])


def test_answers_that_come_weeks_later_still_give_the_right_level(tmp_path: Path) -> None:
    rows = history(6000)
    recent = rows.time_ms > np.quantile(rows.time_ms, 0.6)
    rows.turned_bad[recent] = -1
    rows.spend[recent] = np.nan
    recipe = Recipe(epochs=3, at_least_negatives=6000)
    scorer = quick(rows, tmp_path / "m", recipe=recipe)
    later = history(3000, seed=2)
    found = scorer.score(later.x)
    assert found.p_bad.mean() == pytest.approx(later.turned_bad.mean(), rel=0.35)
    assert found.spend.mean() == pytest.approx(later.spend.mean(), rel=0.35)


def test_with_few_frauds_the_probabilities_still_add_up_to_about_what_happens(
    tmp_path: Path,
) -> None:
    recipe = Recipe(epochs=3, at_least_negatives=4000)
    scorer = quick(history(8000, fraud=0.01), tmp_path / "m", recipe=recipe)
    assert scorer.manifest["calibration"]["fraud"] == "level"
    later = history(12_000, seed=10, fraud=0.01)
    p, fraud = scorer.score(later.x).p_fraud.astype(np.float64), later.label == 1
    assert p.sum() == pytest.approx(fraud.sum(), rel=0.5)
    assert log_loss(p, fraud) < 0.65 * log_loss(np.full(len(p), fraud.mean()), fraud)


def test_the_manifest_says_what_ended_the_training_and_after_how_many_epochs(
    tmp_path: Path,
) -> None:
    rows = history(1000)
    told = {
        "epochs": quick(rows, tmp_path / "a").manifest["training"],
        "time": quick(rows, tmp_path / "b", max_seconds=0.0).manifest["training"],
        "no_gain": quick(
            rows, tmp_path / "c", recipe=replace(QUICK, epochs=9, patience=0)
        ).manifest["training"],
    }
    assert {name: training["ended_by"] for name, training in told.items()} == {
        name: name for name in told
    }
    assert [training["whole_epochs"] for training in told.values()] == [1, 0, 1]
    assert told["time"]["steps"] == 0


def test_words_that_tell_the_fraud_are_learned_kept_and_named_as_a_reason(tmp_path: Path) -> None:
    rows = reviews(2500, 0)
    scorer = quick(rows, tmp_path / "m")
    manifest = scorer.manifest
    assert manifest["fusion"]["with_text"]["text"] > 0.1
    assert manifest["words"]["left_out"]["roc_auc"] > 0.95
    assert manifest["metrics"]["words"]["roc_auc"] > 0.95
    later = reviews(800, 1)
    p, fake = scorer.score(later.x).p_fraud, later.label == 1
    assert np.mean((p > 0.5) == fake) > 0.97
    added = scorer.explain(later.x, np.flatnonzero(fake)[:40])
    assert added.shape == (40, len(NAMES) + len(scorer.fields) + 1)
    assert (added.argmax(1) == len(NAMES) + len(scorer.fields)).mean() > 0.9
    again = ModelScorer.load(tmp_path / "m")
    np.testing.assert_array_equal(again.score(later.x).p_fraud, p)
    part = np.arange(0, 800, 7)
    np.testing.assert_allclose(scorer.score(take(later.x, part)).p_fraud, p[part], atol=1e-6)


def test_words_that_tell_nothing_are_left_out(tmp_path: Path) -> None:
    rows = reviews(2500, 2)
    mixed = np.random.default_rng(0).permutation(len(rows))
    rows.x.texts[:] = [rows.x.texts[i] for i in mixed.tolist()]
    rows.x.rows["text"] = rows.x.rows["text"][mixed]
    scorer = quick(rows, tmp_path / "m")
    assert scorer.manifest["words"]["n_texts"] > 500
    assert "with_text" not in scorer.manifest["fusion"]
    assert not (tmp_path / "m/words.safetensors").exists()
    assert scorer.explain(rows.x, np.arange(3)).shape == (3, len(NAMES) + len(scorer.fields))


def test_descriptions_that_only_name_a_category_train_and_it_is_said_that_words_do_not_count(
    tmp_path: Path,
) -> None:
    rows = reviews(1500, 4)
    rng = np.random.default_rng(4)
    category = np.where(rows.label == 1, 0, rng.integers(0, 3, len(rows)))
    rows.x.texts[:] = [("gift card", "garden", "books")[k] for k in category.tolist()]
    rows.x.rows["text"] = category + 1
    rows.label[:] = (category == 0) & (rng.random(len(rows)) < 0.3)
    manifest = quick(rows, tmp_path / "m").manifest
    assert manifest["words"] is None
    assert manifest["lacks"] == [LACKS_WORDS, LACKS_FIELDS]


def reviews(n: int, seed: int) -> TrainingRows:
    """Events of which half have a text, whose words alone tell the fraud."""
    rows = history(n, seed=seed)
    rng = np.random.default_rng(seed)
    there, number = rng.random(n) < 0.5, rng.integers(0, 10**6, n)
    fake = there & (rng.random(n) < 0.3)
    said = [f"{'cash for stars' if bad else 'as described'} {i}"
            for bad, i in zip(fake, number, strict=True)]  # fmt: skip
    rows.x.texts[:] = [text if known else None for text, known in zip(said, there, strict=True)]
    rows.x.rows["text"] = np.where(there, number + 1, 0)
    rows.label[:] = fake
    return rows
