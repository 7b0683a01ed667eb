import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from model.rows import take
from model.scorer import ModelScorer
from tests.model.shop import history
from topics.scores import ScoreInput, Scores

FIELDS = ("p_fraud", "anomaly", "p_bad", "spend")


@pytest.fixture(scope="module")
def scorer(folder: Path) -> ModelScorer:
    return ModelScorer.load(folder)


def assert_close(one: Scores, two: Scores, at: slice | np.ndarray = slice(None)) -> None:
    for name in FIELDS:
        a, b = getattr(one, name)[at], getattr(two, name)
        np.testing.assert_allclose(a, b, rtol=2e-6 if name == "spend" else 0, atol=1e-6)


def test_scores_of_unseen_events_rank_fraud_far_above_chance(scorer: ModelScorer) -> None:
    rows = history(6000, seed=9)
    found = scorer.score(rows.x)
    assert average_precision_score(rows.label, found.p_fraud) > 6 * rows.label.mean()
    assert average_precision_score(rows.turned_bad, found.p_bad) > 4 * rows.turned_bad.mean()
    assert np.corrcoef(np.log1p(found.spend), np.log1p(rows.x.features[:, 4]), "rows")[0, 1] != 0
    rich = np.nan_to_num(rows.x.features[:, 4]) > 2
    assert found.spend[rich].mean() > 2 * found.spend[~rich].mean()


def test_probabilities_and_spend_have_the_right_level(scorer: ModelScorer) -> None:
    rows = history(6000, seed=10)
    found = scorer.score(rows.x)
    assert found.p_fraud.mean() == pytest.approx(rows.label.mean(), rel=0.3)
    assert found.p_bad.mean() == pytest.approx(rows.turned_bad.mean(), rel=0.3)
    assert found.spend.mean() == pytest.approx(rows.spend.mean(), rel=0.3)
    assert not found.degraded.any()


def test_a_score_does_not_depend_on_its_neighbours(scorer: ModelScorer) -> None:
    x = history(1500, seed=11).x
    whole = scorer.score(x)
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 64, 700):
        at = rng.choice(len(x), size, replace=False)
        assert_close(whole, scorer.score(take(x, at)), at)


def test_what_lies_behind_the_real_past_does_not_count(scorer: ModelScorer) -> None:
    x = history(300, seed=12).x
    padded = np.zeros((300, 30), x.past.dtype)
    padded["step"] = 255
    padded[:, : x.past.shape[1]] = x.past
    longer = ScoreInput(x.rows, x.features, padded, x.n_past, x.texts)
    assert_close(scorer.score(x), scorer.score(longer))


def test_the_past_counts(scorer: ModelScorer) -> None:
    x = history(2000, seed=13).x
    login = x.past["step"][:, 0] == 14
    without = x.past.copy()
    without["step"][login, 0] = 0
    calm = ScoreInput(x.rows, x.features, without, x.n_past, x.texts)
    pairs = zip(scorer.apart(x), scorer.apart(calm), strict=True)
    network, trees = (now - then for now, then in pairs)
    assert network[login].mean() > np.log(2)  # twice the odds
    assert not trees.any()
    assert scorer.score(x).p_fraud[login].mean() > 1.5 * scorer.score(calm).p_fraud[login].mean()


def test_loading_again_gives_the_same_scores(scorer: ModelScorer, folder: Path) -> None:
    x = history(400, seed=14).x
    again = ModelScorer.load(folder, feature_names=scorer.features)
    assert_close(scorer.score(x), again.score(x))
    assert (again.name, again.version) == (scorer.name, scorer.version)


def test_no_events_give_no_scores(scorer: ModelScorer) -> None:
    x = take(history(10).x, np.zeros(0, np.int64))
    assert len(scorer.score(x).p_fraud) == 0
    assert scorer.explain(x, np.zeros(0, np.int64)).shape == (0, 12 + len(scorer.fields))


def test_contributions_name_the_features_that_matter(scorer: ModelScorer) -> None:
    rows = history(2000, seed=15)
    x = rows.x
    top = np.argsort(-scorer.score(x).p_fraud)[:50]
    found = scorer.explain(x, top)
    assert found.shape == (50, 12 + len(scorer.fields))
    assert set(np.argsort(-np.abs(found).mean(0))[:2]) == {0, 1}
    assert found[:, :2].sum(1).mean() > 1


def test_contributions_add_up_to_the_change_of_the_log_odds(scorer: ModelScorer) -> None:
    x = history(60, seed=16).x
    usual = replace(x, features=np.tile(scorer._medians, (60, 1)))  # fields as well
    odds = [np.log(p / (1 - p)) for p in (scorer.score(x).p_fraud, scorer.score(usual).p_fraud)]
    added = scorer.explain(x, np.arange(60), steps=32).sum(1)
    np.testing.assert_allclose(added, odds[0] - odds[1], atol=0.1)


def test_an_explanation_does_not_depend_on_how_many_are_asked_for_at_once(
    scorer: ModelScorer,
) -> None:
    x = history(400, seed=21).x
    for head in ("fraud", "bad"):
        whole = scorer.explain(x, np.arange(400), head)  # point after point of the way
        for rows in (np.array([7]), np.arange(60)):  # all points in one pass
            np.testing.assert_allclose(scorer.explain(x, rows, head), whole[rows], atol=1e-5)


def test_turning_bad_is_explained_by_what_makes_users_turn_bad(scorer: ModelScorer) -> None:
    x = history(2000, seed=17).x
    top = np.argsort(-scorer.score(x).p_bad)[:50]
    found = scorer.explain(x, top, "bad")
    assert found.shape == (50, 12 + len(scorer.fields))
    assert np.argmax(found.mean(0)) == 3
    assert found[:, 3].mean() > 1
    assert np.argmax(scorer.explain(x, top, "fraud").mean(0)) != 3


def test_contributions_add_up_to_the_change_of_the_log_odds_of_turning_bad(
    scorer: ModelScorer,
) -> None:
    x = history(60, seed=18).x
    usual = replace(x, features=np.tile(scorer._medians, (60, 1)))  # fields as well
    odds = [np.log(p / (1 - p)) for p in (scorer.score(x).p_bad, scorer.score(usual).p_bad)]
    added = scorer.explain(x, np.arange(60), "bad", steps=32).sum(1)
    np.testing.assert_allclose(added, odds[0] - odds[1], atol=0.1)


def test_importing_the_scorer_does_not_import_transformers() -> None:
    code = "import model.scorer, sys; sys.exit('transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
