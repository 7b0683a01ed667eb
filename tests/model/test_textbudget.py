from pathlib import Path
from typing import Any

import numpy as np
import pytest

import model.epochs
import model.measuring
from model.inputs import NO_TEXT, VECTOR_UNKNOWN, WITH_VECTOR, TextVectors, without_vectors
from model.recipe import Recipe
from model.rows import TrainingRows
from model.slices import cut
from model.standins import stand_ins
from model.textbudget import chosen
from model.training import train
from tests.model.shop import NAMES, history
from tests.model.smallencoder import WORDS, small_encoder

N = 1500
BUDGET = 200


def reviewed(seed: int = 0) -> TrainingRows:
    """Events of which half are reviews; two in three of their texts occur once."""
    rows = history(N, seed=seed, fraud=0.08)
    rng = np.random.default_rng(seed)
    number = np.where(rng.random(N) < 0.3, rng.integers(1, 40, N), rng.integers(40, 10**6, N))
    there = rng.random(N) < 0.5
    rows.x.rows["type"] = np.where(there, 2, 1)
    rows.x.rows["text"] = np.where(there, number, 0)
    rows.x.texts[:] = [
        f"{WORDS[k % len(WORDS)]} {k}" if known else None
        for k, known in zip(number.tolist(), there.tolist(), strict=True)
    ]
    return rows


def encoded(rows: TrainingRows, max_texts: int) -> TextVectors:
    """What `training_vectors` makes of the rows, with vectors of zeros."""
    texts = without_vectors(rows.x.rows)
    at = np.flatnonzero(texts.kind == VECTOR_UNKNOWN)
    _, of = np.unique(rows.x.rows["text"][at], return_inverse=True)
    first = cut(rows.time_ms, rows.user).train
    found = chosen(of, at >= first, rows.label[at] == 1, max_texts, seed=0)
    texts.kind[at[np.isin(of, found)]] = WITH_VECTOR
    return TextVectors(texts.kind, texts.at, np.zeros((len(found), 4), np.float32))


def test_texts_that_decide_are_encoded_first_and_half_is_left_for_those_that_teach() -> None:
    of = np.array([*range(1000), *range(900, 1000)])
    decides, fraud = np.arange(1100) >= 1000, np.arange(1100) % 50 == 0
    found = chosen(of, decides, fraud, 300, seed=0)
    assert len(set(found.tolist())) == 300
    assert set(range(900, 1000)) <= set(found.tolist())
    few = chosen(of, decides, fraud, 60, seed=0)
    assert (few >= 900).sum() == 30
    assert {900, 950} <= set(few.tolist())  # the texts of what was fraud later
    assert (few[few < 900] % 50 != 0).any()
    assert sorted(chosen(of, decides, fraud, 5000, seed=0).tolist()) == list(range(1000))
    # What those that teach do not need is not left over.
    assert len(chosen(of, np.arange(1100) >= 10, fraud, 800, seed=0)) == 800
    assert len(chosen(of[:0], decides[:0], fraud[:0], 9, seed=0)) == 0


def test_rows_without_a_vector_are_judged_by_others_of_their_slice_and_label() -> None:
    rows = reviewed()
    texts, part = encoded(rows, BUDGET), cut(rows.time_ms, rows.user).numbers()
    assert (texts.kind[part > 0] == VECTOR_UNKNOWN).sum() > 50
    index = stand_ins(rows, texts, part)
    later = part > 0
    assert not (texts.kind[index][later] == VECTOR_UNKNOWN).any()
    np.testing.assert_array_equal(part[index], part)
    np.testing.assert_array_equal(rows.label[index], rows.label)
    own = texts.kind != VECTOR_UNKNOWN
    np.testing.assert_array_equal(index[own], np.flatnonzero(own))
    # Honest events that share a text with a fraud stand in for their like only.
    hashes = rows.x.rows["text"]
    shared = np.isin(hashes, hashes[later & (rows.label == 1) & (texts.kind != NO_TEXT)])
    np.testing.assert_array_equal(shared[index], shared)


def test_rows_stay_themselves_where_all_texts_are_encoded_or_none_or_hardly_any() -> None:
    rows = reviewed()
    part = cut(rows.time_ms, rows.user).numbers()
    for max_texts in (0, 2, 5000):
        index = stand_ins(rows, encoded(rows, max_texts), part)
        np.testing.assert_array_equal(index, np.arange(N))


def test_a_training_stops_stacks_and_calibrates_on_texts_with_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[np.ndarray] = []

    def watched(outputs: Any) -> Any:
        def answer(network: Any, table: Any, bins: Any, x: Any, texts: TextVectors) -> Any:
            judged.append(texts.kind)
            return outputs(network, table, bins, x, texts)

        return answer

    for module in (model.epochs, model.measuring):
        monkeypatch.setattr(module, "outputs", watched(module.outputs))
    train(
        reviewed(), feature_names=NAMES, feature_version="7", out=tmp_path / "m", progress=False,
        recipe=Recipe(epochs=1, at_least_negatives=2000), max_texts=BUDGET,
        base_text=str(small_encoder(tmp_path / "encoder")),
    )  # fmt: skip
    assert len(judged) >= 2
    for kind in judged[:2]:  # the slice that stops, and those after it
        assert (kind == WITH_VECTOR).sum() > 50
        assert not (kind == VECTOR_UNKNOWN).any()
