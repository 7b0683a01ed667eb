import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import saving, textmodel
from model.artifact import Artifact
from model.fusion import Words
from model.ngramloops import MAX_CHARS
from model.ngrams import STYLE, grams
from model.phrases import phrases
from model.textmodel import FOLDS, MIN_DISTINCT, MIN_EACH, STRENGTHS, TextModel

HONEST = [
    "Works as described",
    "质量很好，很满意",
    "Fits well; arrived on time",
    "物流慢了两天，东西不错",
]
FAKE = ["Get cash for five stars", "好评返现联系客服", "GREAT great GREAT!!!", "五星好评返红包"]


def written(n: int, seed: int, share: float = 0.3) -> tuple[list[str], np.ndarray]:
    """Texts of two or three phrases, of which one gives the fraud away."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < share
    texts = []
    for bad in fraud:
        parts = [HONEST[i] for i in rng.integers(0, 4, 2)]
        if bad:
            parts.insert(int(rng.integers(0, 3)), FAKE[rng.integers(0, 4)])
        texts.append(f"{' '.join(parts)} {rng.integers(0, 99_999)}")
    return texts, fraud


def fitted(texts: list[str], fraud: np.ndarray, **changes: float) -> TextModel:
    kind, same = np.full(len(texts), 2, np.uint8), np.arange(len(texts), dtype=np.uint64)
    found = TextModel.fit(texts, fraud, kind, same, seed=0, **changes)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.fixture(scope="module")
def model() -> TextModel:
    return fitted(*written(1500, 0))


def test_texts_of_fraud_are_told_from_others_in_both_scripts(model: TextModel) -> None:
    texts, fraud = written(500, 1)
    odds = model.log_odds(texts)
    assert odds[fraud].min() > odds[~fraud].max()
    assert model.strength in STRENGTHS
    assert model.left_out is not None
    assert model.left_out.n == 1500
    assert model.left_out.roc_auc == pytest.approx(1.0, abs=0.01)


def test_missing_texts_are_unknown_and_an_empty_batch_is_empty(model: TextModel) -> None:
    odds = model.log_odds([None, "", "good"])
    assert np.isnan(odds).tolist() == [True, True, False]
    assert model.log_odds([]).shape == (0,)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_a_text_says_the_same_beside_any_others(model: TextModel, texts: list[str]) -> None:
    together = model.log_odds(texts)
    alone = np.concatenate([model.log_odds([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    assert np.isfinite(together[[i for i, text in enumerate(texts) if text]]).all()


def test_too_few_texts_of_a_class_teach_nothing() -> None:
    texts, fraud = written(300, 2, share=0.5)
    few = fraud & (np.cumsum(fraud) < MIN_EACH)
    kind, same = np.zeros(300, np.uint8), np.arange(300, dtype=np.uint64)
    assert TextModel.fit(texts, few, kind, same, seed=0) is None
    assert TextModel.fit([], few[:0], kind[:0], same[:0], seed=0) is None


REPEATED = {
    "one text of all frauds": ([0] * 30 + list(range(1, 301)), [1] * 30 + [0] * 300),
    "three texts, one of fraud": ([0] * 40 + [1] * 80 + [2] * 80, [1] * 40 + [0] * 160),
    "one text of everything": ([0] * 200, [1] * 50 + [0] * 150),
}


@pytest.mark.parametrize("what", REPEATED)
def test_too_few_different_texts_of_a_class_teach_nothing(what: str) -> None:
    same, fraud = (np.array(of) for of in REPEATED[what])
    texts = [f"description {number}" for number in same.tolist()]
    kind = np.zeros(len(same), np.uint8)
    assert TextModel.fit(texts, fraud == 1, kind, same.astype(np.uint64), seed=0) is None


def test_texts_that_both_classes_have_equally_often_are_learned_from_and_say_nothing() -> None:
    same = np.tile(np.arange(20, dtype=np.uint64), 10)
    texts = [f"description {number}" for number in same.tolist()]
    found = fitted(texts, np.arange(200) % 40 < 20, strength=30.0)
    assert np.abs(found.log_odds(texts)).max() < 0.5


def test_few_frauds_among_many_texts_are_all_compared() -> None:
    rng, fraud = np.random.default_rng(0), np.arange(40_000) % 1600 == 0
    part = textmodel.share_of_each(fraud, 8000, rng)
    assert (len(set(part.tolist())), fraud[part].sum()) == (8000, 25)
    assert (~fraud)[textmodel.share_of_each(~fraud, 8000, rng)].sum() == 7975
    third = np.arange(40_000) % 4 == 0
    assert third[textmodel.share_of_each(third, 8000, rng)].sum() == 2000
    assert len(textmodel.share_of_each(fraud, 40_000, rng)) == 40_000


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=30, max_size=300),
    st.integers(0, 9),
)
def test_every_fold_has_texts_of_both_classes_and_equal_texts_share_one(
    drawn: list[tuple[int, bool]], seed: int
) -> None:
    same = np.array([number for number, _ in drawn], np.uint64)
    fraud = np.array([bad for _, bad in drawn])
    fold = textmodel.folds(fraud, same, np.random.default_rng(seed))
    enough = min(len(set(same[part].tolist())) for part in (fraud, ~fraud)) >= MIN_DISTINCT
    assert (fold is not None) == enough
    if fold is not None:
        assert set(fold[fraud].tolist()) == set(fold[~fraud].tolist()) == set(range(FOLDS))
        assert len(set(zip(same.tolist(), fold.tolist(), strict=True))) == len(set(same.tolist()))


def test_of_many_or_long_texts_a_part_is_learned_with_the_frauds_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts, fraud = written(600, 6, share=0.1)
    monkeypatch.setattr(textmodel, "MAX_TEXTS", 200)
    found = fitted(texts, fraud, strength=30.0)
    assert found.n_texts == 200
    odds = found.log_odds(texts)
    assert odds[fraud].min() > odds[~fraud].max()
    monkeypatch.setattr(textmodel, "MAX_CHARACTERS", 100 * np.mean([len(text) for text in texts]))
    assert fitted(texts, fraud, strength=30.0).n_texts in (99, 100)


def test_the_choice_is_made_on_texts_that_say_nothing_learned() -> None:
    """Of texts that all occur eight times, with labels by chance, nothing can be known."""
    rng = np.random.default_rng(3)
    texts = [f"{number} {number * 7919}" for number in rng.integers(0, 10**9, 100)] * 8
    fraud, same = np.tile(rng.random(100) < 0.5, 8), np.tile(np.arange(100, dtype=np.uint64), 8)
    found = TextModel.fit(texts, fraud, np.zeros(800, np.uint8), same, seed=0)
    assert found is not None
    assert found.left_out is not None
    assert abs((found.left_out.roc_auc or 0) - 0.5) < 0.2


def test_a_kind_of_event_that_is_fraud_more_often_is_not_what_a_text_says() -> None:
    rng = np.random.default_rng(4)
    kind = rng.integers(0, 2, 2000).astype(np.uint8)
    fraud = rng.random(2000) < np.where(kind == 1, 0.6, 0.1)
    texts = [HONEST[i] for i in rng.integers(0, 4, 2000)]
    found = TextModel.fit(texts, fraud, kind, np.arange(2000, dtype=np.uint64), seed=0, strength=3)
    assert found is not None
    assert np.abs(found.log_odds(HONEST)).max() < 1.0


def test_equal_data_give_an_equal_model_and_strange_texts_stay_within_reason() -> None:
    texts, fraud = written(400, 5)
    one, two = fitted(texts, fraud, strength=30.0), fitted(texts, fraud, strength=30.0)
    np.testing.assert_array_equal(one.linear.weight, two.linear.weight)
    assert np.abs(one.log_odds(["?" * 5000, "x", "\U0001f600" * 9, "\ud800 half"])).max() < 50


def test_the_answer_lies_between_two_models_and_is_the_same_after_saving() -> None:
    texts, fraud = written(400, 7)
    found = fitted(texts, fraud, strength=30.0, share=0.35)
    assert found.net is not None
    both = 0.65 * found.linear.log_odds(grams(texts)) + 0.35 * found.net.log_odds(phrases(texts))
    np.testing.assert_allclose(found.log_odds(texts), both)
    arrays = saving.word_arrays(Words(found, 0.1, 0.2, 0.3, 0.4))
    inputs = {"fusion": np.array([0.0, 1.0, 0.0])}
    again = saving.fusion_from(Artifact({}, {"inputs": inputs, "words": arrays})).words
    assert again is not None
    np.testing.assert_array_equal(again.model.log_odds(texts), found.log_odds(texts))
    first = {name: of for name, of in arrays.items() if name != "share" and name[:4] != "net."}
    old = saving.fusion_from(Artifact({}, {"inputs": inputs, "words": first})).words
    assert old is not None
    np.testing.assert_array_equal(old.model.log_odds(texts), found.linear.log_odds(grams(texts)))


def test_n_grams_keep_capitals_marks_and_the_ends_of_a_text_apart() -> None:
    def places(text: str) -> set[int]:
        return set(grams([text]).at.tolist())

    assert places("good") != places("Good") != places("good.")
    assert len(places("ab") - places("ab c")) >= 3  # what ends with the text
    assert places("很好用") & places("不很好")


def test_style_is_measured_as_it_is_named() -> None:
    found = grams(["AAbb 12!\n", "a a a a", "", "很好"]).style

    def of(name: str, row: int) -> float:
        return float(found[row, STYLE.index(name)])

    assert of("share of capitals", 0) == pytest.approx(2 / 9)
    assert of("share of digits", 0) == pytest.approx(2 / 9)
    assert of("share of punctuation", 0) == pytest.approx(1 / 9)
    assert of("share of spaces", 0) == pytest.approx(2 / 9)
    assert of("share of line ends", 0) == pytest.approx(1 / 9)
    assert of("mean length of words", 0) == pytest.approx(3)
    assert of("deviation of the length of words", 0) == pytest.approx(1)
    assert of("logarithm of the most frequent word's count", 1) == pytest.approx(np.log(4))
    assert of("entropy of characters", 1) == pytest.approx(
        -(4 / 7 * np.log(4 / 7) + 3 / 7 * np.log(3 / 7)), abs=1e-6
    )
    assert of("logarithm of the words", 3) == pytest.approx(np.log(3))
    assert of("share outside ASCII", 3) == 1
    assert np.isfinite(found).all()


def test_what_lies_beyond_the_longest_text_is_not_read(model: TextModel) -> None:
    long = "word " * MAX_CHARS
    assert model.log_odds([long])[0] == model.log_odds([long + "Get cash for five stars"])[0]
