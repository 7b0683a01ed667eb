"""How far one feature, or the text alone, tells fraud from honest events."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stream.bench.separation import feature_aucs, text_auc


def test_aucs_are_those_of_scikit_learn_with_unknown_values_at_either_end() -> None:
    rng = np.random.default_rng(0)
    fraud = rng.random(500) < 0.2
    x = np.column_stack([rng.random(500) + fraud, rng.integers(0, 3, 500), fraud]).astype("f4")
    x[rng.random(x.shape) < 0.3] = np.nan
    found = feature_aucs(x, fraud)
    for row, end in zip(found, (-9.0, 9.0), strict=True):
        expected = [roc_auc_score(fraud, np.where(np.isnan(c), end, c)) for c in x.T]
        assert row == pytest.approx(expected)


def _texts(rng: np.random.Generator, n: int, word: str) -> list[str | None]:
    return [f"{word} {rng.integers(1_000_000)} {rng.choice(['good', 'bad'])}" for _ in range(n)]


def test_texts_that_give_fraud_away_have_a_high_auc_and_others_do_not() -> None:
    rng = np.random.default_rng(1)
    fraud = np.arange(400) < 100
    users = np.arange(400, dtype=np.uint64)
    told = _texts(rng, 100, "wonderful") + _texts(rng, 300, "plain")
    assert (text_auc(told, users, fraud) or 0) > 0.99
    silent = _texts(rng, 400, "plain")
    assert 0.3 < (text_auc(silent, users, fraud) or 0) < 0.7


def test_a_text_that_only_its_own_user_writes_gives_nothing_away() -> None:
    rng = np.random.default_rng(2)
    fraud = np.arange(400) < 100
    users = (np.arange(400) // 20).astype(np.uint64)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 12)) for _ in range(20)]
    texts: list[str | None] = [words[i] for i in users.tolist()]
    assert (text_auc(texts, users, fraud) or 0) < 0.8


def test_too_few_texts_are_not_judged() -> None:
    fraud = np.arange(400) < 100
    texts: list[str | None] = ["hello" if i < 120 else None for i in range(400)]
    assert text_auc(texts, np.arange(400, dtype=np.uint64), fraud) is None
