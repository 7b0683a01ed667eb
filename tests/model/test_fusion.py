import numpy as np
import pytest

from model.baseline import fit_boosting
from model.fusion import Fusion
from model.measuring import adds, trial
from model.textmodel import TextModel
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
    np.testing.assert_array_equal(
        fusion.log_odds(one, np.zeros((1000, 5), np.float32), [None] * 1000), one - 0.7
    )
    own = np.ones((1000, 5))
    usual = np.zeros(5, np.float32)
    found = fusion.contributions(own, own.astype(np.float32), usual, [None] * 1000)
    np.testing.assert_array_equal(found, own)


def test_contributions_of_both_add_up_to_the_change_from_the_usual(trees: Trees) -> None:
    features, _ = made(200, 6)
    usual = np.nanmedian(features[:, :4], axis=0)
    usual = np.append(usual, np.float32(np.nan)).astype(np.float32)
    fusion = Fusion(0.0, 0.6, trees, 0.4)
    found = fusion.contributions(np.zeros(features.shape), features, usual, [None] * 200).sum(1)
    change = trees.log_odds(features) - trees.log_odds(usual[None])
    np.testing.assert_allclose(found, 0.4 * change, atol=1e-9)


def three(n: int, seed: int, weight: float) -> tuple[np.ndarray, ...]:
    """What three models say, the third with ``weight`` and of every other event only."""
    rng = np.random.default_rng(seed)
    raw, said, written = rng.normal(0, 2, (3, n))
    written[::2] = np.nan
    odds = 0.6 * raw + 0.4 * said + weight * np.nan_to_num(written) - 2
    return raw, said, written, (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int8)


@pytest.fixture(scope="module")
def words() -> TextModel:
    texts = ["cash for five stars", "works as described"] * 50
    kind, same = np.zeros(100, np.uint8), np.arange(100, dtype=np.uint64)
    found = TextModel.fit(texts, np.arange(100) % 2 == 0, kind, same, seed=0, strength=10.0)
    assert found is not None
    return found


def test_words_get_the_weight_that_they_deserve_and_touch_no_event_without_text(
    trees: Trees, words: TextModel
) -> None:
    raw, said, written, label = three(60_000, 7, 0.8)
    plain = Fusion.fit(raw, 0.0, trees, said, label)
    fusion = plain.with_words(words, raw, said, written, label)
    assert fusion.words is not None
    assert fusion.words.text == pytest.approx(0.8, abs=0.1)
    assert fusion.words.network == pytest.approx(0.6, abs=0.1)
    joined = fusion.join(raw, said, written)
    np.testing.assert_array_equal(joined[::2], plain.join(raw, said)[::2])
    level = fusion.words.level + fusion.level
    assert level == pytest.approx(-2, abs=0.15)


def test_words_are_taken_only_where_later_rows_say_that_they_add(
    trees: Trees, words: TextModel
) -> None:
    for weight, right in ((0.8, True), (0.0, False)):
        raw, said, written, label = three(4000, 8, weight)
        plain = Fusion.fit(raw[:2000], 0.0, trees, said[:2000], label[:2000])
        _, gain = trial(plain, words, raw, said, written, label, 2000)
        assert len(gain) == 1000
        assert adds(gain, len(gain)) is right


def test_words_without_frauds_to_weigh_by_count_nothing(trees: Trees, words: TextModel) -> None:
    raw, said, written, label = three(400, 9, 0.8)
    label[1::2] = 0
    plain = Fusion.fit(raw, 0.0, trees, said, label)
    fusion = plain.with_words(words, raw, said, written, label)
    np.testing.assert_allclose(fusion.join(raw, said, written), plain.join(raw, said))


def test_what_words_add_is_a_column_of_its_own(trees: Trees, words: TextModel) -> None:
    features, _ = made(3, 6)
    usual = features.mean(0)
    raw, said, written, label = three(4000, 10, 0.8)
    fusion = Fusion.fit(raw, 0.0, trees, said, label).with_words(words, raw, said, written, label)
    texts = ["cash for five stars", None, "works as described"]
    found = fusion.contributions(np.zeros(features.shape), features, usual, texts)
    assert found.shape == (3, features.shape[1] + 1)
    assert found[0, -1] > 0 == found[1, -1] > found[2, -1]
    there, none = (fusion.log_odds(np.zeros(3), features, part) for part in (texts, [None] * 3))
    assert there[0] - there[2] > 1
    assert there[1] == none[1]
