import numpy as np
import pytest

from model.baseline import fit_boosting
from model.fusion import Fusion
from model.trees import Trees
from tests.model.test_trees import made


@pytest.fixture(scope="module")
def trees() -> Trees:
    features, label = made(3000, 1)
    boosting = fit_boosting(features, label, *made(800, 2), seed=0)
    return Trees.flatten(boosting.trees, boosting.columns)


def signals(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    parts = rng.normal(0, 2, (2, n))
    odds = parts[0] + 0.5 * parts[1] - 3
    return parts[0], parts[1], (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int8)


def test_each_model_gets_the_weight_that_it_deserves(trees: Trees) -> None:
    one, two, label = signals(40_000, 1)
    fusion = Fusion.fit(one, 0.0, trees, two, label)
    assert fusion.network == pytest.approx(1.0, abs=0.1)
    assert fusion.trees_weight == pytest.approx(0.5, abs=0.1)


def test_a_model_that_misleads_gets_no_weight_and_never_a_negative_one(trees: Trees) -> None:
    one, two, label = signals(40_000, 2)
    fusion = Fusion.fit(one, 0.0, trees, -two, label)
    assert fusion.trees_weight == 0
    assert fusion.network > 0.5


def test_few_frauds_leave_equal_weights(trees: Trees) -> None:
    one, two, label = signals(200, 3)
    label[:] = 0
    label[:9] = 1
    fusion = Fusion.fit(one, 0.0, trees, two, label)
    assert (fusion.network, fusion.trees_weight) == (0.5, 0.5)


def test_unknown_labels_do_not_count(trees: Trees) -> None:
    one, two, label = signals(5000, 4)
    label[::2] = -1
    half = slice(1, None, 2)
    found = Fusion.fit(one, 0.3, trees, two, label)
    same = Fusion.fit(one[half], 0.3, trees, two[half], label[half])
    assert found.network == pytest.approx(same.network, abs=1e-6)


def test_without_trees_the_network_stands_alone() -> None:
    one, two, label = signals(1000, 5)
    fusion = Fusion.fit(one, -0.7, None, two, label)
    np.testing.assert_array_equal(fusion.log_odds(one, np.zeros((1000, 5), np.float32)), one - 0.7)
    own = np.ones((1000, 5))
    usual = np.zeros(5, np.float32)
    np.testing.assert_array_equal(fusion.contributions(own, own.astype(np.float32), usual), own)


def test_contributions_of_both_add_up_to_the_change_from_the_usual(trees: Trees) -> None:
    features, _ = made(200, 6)
    usual = np.nanmedian(features[:, :4], axis=0)
    usual = np.append(usual, np.float32(np.nan)).astype(np.float32)
    fusion = Fusion(0.0, 0.6, trees, 0.4)
    found = fusion.contributions(np.zeros(features.shape), features, usual).sum(1)
    change = trees.log_odds(features) - trees.log_odds(usual[None])
    np.testing.assert_allclose(found, 0.4 * change, atol=1e-9)
