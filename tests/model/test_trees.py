from itertools import permutations, product

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from model.baseline import Boosting, fit_boosting, ranking, refit_boosting
from model.trees import Trees


def made(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 5)).astype(np.float32)
    both = features[:, 0] * features[:, 1]
    features[rng.random(features.shape) < 0.15] = np.nan
    features[:, 4] = np.nan
    label = (np.nan_to_num(both, nan=1.5) + np.isnan(features[:, 2]) > 1.6).astype(np.int8)
    return features, label


@pytest.fixture(scope="module")
def boosting() -> Boosting:
    features, label = made(6000, 1)
    later, later_label = made(1000, 2)
    return fit_boosting(features, label, later, later_label, seed=0)


@pytest.fixture(scope="module")
def trees(boosting: Boosting) -> Trees:
    return Trees.flatten(boosting.trees, boosting.columns)


def test_flattened_trees_say_what_scikit_learn_says(boosting: Boosting, trees: Trees) -> None:
    features, _ = made(3000, 3)
    p = boosting.score(features)
    np.testing.assert_allclose(trees.log_odds(features), np.log(p / (1 - p)), atol=1e-9)


def test_a_value_on_a_threshold_goes_the_way_it_goes_in_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    features = rng.integers(0, 4, (2000, 2)).astype(np.float32) / np.float32(10)
    features[::7] = np.nan
    label = (np.nan_to_num(features, nan=0.3).sum(1) > 0.35).astype(int)
    fitted = HistGradientBoostingClassifier(max_iter=20).fit(features, label)
    trees = Trees.flatten(fitted, np.arange(2))
    grid = np.array(
        [[a, b] for a in (0, 0.1, 0.2, 0.3, np.nan) for b in (0, 0.1, 0.2, 0.3, np.nan)]
    )
    near = [np.nextafter(grid.astype(np.float32), np.float32(way)) for way in (-1, 1)]
    for rows in (grid.astype(np.float32), *near):
        expected = fitted.decision_function(rows)
        np.testing.assert_allclose(trees.log_odds(rows), expected, atol=1e-12)


def test_contributions_add_up_and_skip_features_that_are_never_asked(trees: Trees) -> None:
    features, _ = made(500, 4)
    usual = np.array([0.5, -0.2, np.nan, 0.1, 0.0], np.float32)
    found = trees.contributions(features, usual)
    change = trees.log_odds(features) - trees.log_odds(usual[None])
    np.testing.assert_allclose(found.sum(1), change, atol=1e-9)
    assert not found[:, 4].any()
    assert np.abs(found[:, :3]).mean() > 5 * np.abs(found[:, 3]).mean()


def test_contributions_are_the_shapley_values_of_the_change_from_the_usual(trees: Trees) -> None:
    features, _ = made(20, 6)
    usual = np.array([0.5, -0.2, np.nan, 0.1, 0.0], np.float32)
    said: dict[tuple[int, ...], np.ndarray] = {}
    for own in product((0, 1), repeat=5):
        said[own] = trees.log_odds(np.where(np.array(own, bool), features, usual))
    expected = np.zeros(features.shape)
    for order in permutations(range(5)):
        own = [0] * 5
        for at in order:
            before = said[tuple(own)]
            own[at] = 1
            expected[:, at] += (said[tuple(own)] - before) / 120
    np.testing.assert_allclose(trees.contributions(features, usual), expected, atol=1e-9)


def test_a_feature_at_its_usual_value_adds_nothing(trees: Trees) -> None:
    features, _ = made(50, 7)
    found = trees.contributions(features, features[0])
    assert not found[0].any()
    assert not found[features == features[0]].any()


def test_rows_do_not_depend_on_their_neighbours(trees: Trees) -> None:
    features, _ = made(700, 5)
    whole = trees.log_odds(features)
    alone = [float(trees.log_odds(row[None])[0]) for row in features[250:270]]
    assert whole[250:270].tolist() == alone
    assert len(trees.log_odds(features[:0])) == 0


def test_trees_fitted_again_are_as_many_and_learn_from_the_rows_that_were_held_back() -> None:
    features, label = made(3000, 1)
    later, later_label = made(3000, 2)
    found = fit_boosting(features, label, later, later_label, seed=0)
    both = np.concatenate([features, later]), np.concatenate([label, later_label])
    again = refit_boosting(found, *both, seed=0)
    assert again.trees.n_iter_ == found.trees.n_iter_
    unseen, truth = made(6000, 3)
    better, before = (ranking(b.score(unseen), truth).average_precision for b in (again, found))
    assert better is not None
    assert before is not None
    assert better > before
