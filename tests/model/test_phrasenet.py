from dataclasses import replace

import numpy as np
import pytest

from model.ngramloops import MAX_CHARS
from model.phraseloops import MAX_WORDS, REACH
from model.phrasenet import PhraseNet
from model.phrases import Phrases, phrases
from topics.errors import InputError


def written(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Texts of the same words; in fraud "refund" comes before "never", one other between them."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.5
    texts = []
    for bad in fraud:
        others = [f"w{number}" for number in rng.integers(0, 300, 7)]
        first, last = ("refund", "never") if bad else ("never", "refund")
        texts.append(" ".join([*others[:3], first, others[3], last, *others[4:]]))
    return texts, fraud


def fitted(found: Phrases, fraud: np.ndarray) -> PhraseNet:
    return PhraseNet.fit(found, fraud, np.zeros(len(found), np.uint8), seed=0)


@pytest.fixture(scope="module")
def net() -> PhraseNet:
    texts, fraud = written(800, 0)
    return fitted(phrases(texts), fraud)


def test_an_order_that_no_run_of_words_shows_is_learned(net: PhraseNet) -> None:
    texts, fraud = written(300, 1)
    right = (net.log_odds(phrases(texts)) > 0) == fraud
    assert right.mean() > 0.95
    deaf = replace(net, taps=np.zeros_like(net.taps))
    assert ((deaf.log_odds(phrases(texts)) > 0) == fraud).mean() < 0.8


def test_equal_texts_teach_an_equal_network_and_neighbours_change_no_answer(net: PhraseNet) -> None:
    texts, fraud = written(800, 0)
    again = fitted(phrases(texts), fraud)
    np.testing.assert_array_equal(again.table, net.table)
    together = net.log_odds(phrases(texts[:5]))
    alone = [net.log_odds(phrases([text]))[0] for text in texts[:5]]
    np.testing.assert_array_equal(together, alone)


def test_the_answer_is_what_a_plain_sum_gives(net: PhraseNet) -> None:
    texts = ["refund w1 never", "很好 refund", " ", "x" * (MAX_CHARS + 9)]
    found = phrases(texts)
    for i, said in enumerate(net.log_odds(found).tolist()):
        at = found.at[found.begin[i] : found.begin[i + 1]]
        rows = np.where(at >= 0, net.row_of[at], -1)
        vectors = np.where(rows[..., None] >= 0, net.table[rows], 0).sum(1)
        n, wide = len(vectors), np.pad(vectors, ((REACH, REACH), (0, 0)))
        mixed = net.bias + sum(wide[k : k + n] @ tap for k, tap in enumerate(net.taps))
        both = vectors + np.maximum(mixed, 0)
        plain = both.sum(0) / np.sqrt(n) @ net.mean + both.max(0) @ net.most + net.base
        assert said == pytest.approx(plain, abs=1e-4)


def test_a_kind_of_event_that_is_fraud_more_often_is_no_part_of_the_answer() -> None:
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 2, 1500).astype(np.uint8)
    fraud = rng.random(1500) < np.where(kind == 1, 0.9, 0.1)
    found = phrases(["works well"] * 1500)
    net = PhraseNet.fit(found, fraud, kind, seed=0)
    assert abs(net.log_odds(found.take(np.array([0])))[0]) < 0.5


def test_a_network_is_the_same_after_saving(net: PhraseNet) -> None:
    found = phrases(written(20, 3)[0])
    again = PhraseNet.from_arrays(net.arrays())
    np.testing.assert_array_equal(again.log_odds(found), net.log_odds(found))


def test_arrays_of_another_network_are_refused_with_a_reason(net: PhraseNet) -> None:
    narrow = {**net.arrays(), "bias": net.bias[:-1]}
    with pytest.raises(InputError, match=r"bias of shape \(31,\), not \(32,\).*train it anew"):
        PhraseNet.from_arrays(narrow)
    outside = {**net.arrays(), "places": net.arrays()["places"] - (1 << 20)}
    with pytest.raises(InputError, match="out of range"):
        PhraseNet.from_arrays(outside)
    lacking = {name: of for name, of in net.arrays().items() if name != "taps"}
    with pytest.raises(InputError, match="no taps"):
        PhraseNet.from_arrays(lacking)


def test_phrases_are_runs_of_words_and_of_single_letters_where_none_are_spaced() -> None:
    def runs(text: str) -> list[list[int]]:
        return phrases([text]).at.tolist()

    works, han = runs("works  WELL"), runs("很好")
    assert [len(works), len(han)] == [4, 4]  # with the begin and the end
    assert works == runs("Works well")
    assert works[1][0] in np.array(runs("it works"))[:, 0]
    assert works[1][1] not in np.array(runs("well works"))[:, 1]
    assert [row.count(-1) for row in han] == [0, 0, 1, 2]


def test_what_lies_beyond_the_last_word_that_is_read_changes_nothing() -> None:
    long = "a " * MAX_WORDS
    np.testing.assert_array_equal(phrases([long]).at[:-3], phrases([long + "refund"]).at[:-3])
    assert len(phrases([long + "refund"]).at) == MAX_WORDS
