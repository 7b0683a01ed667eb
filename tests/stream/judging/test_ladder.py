"""The ladder keeps the order of the scores, and everything that is on it."""

import numpy as np

from stream.judging import ladder as module
from stream.judging.ladder import add_weights, add_worth, ladder_of, sums_of


def test_rungs_fall_where_scores_fall_and_tie_only_where_no_fraud_lies_between() -> None:
    rng = np.random.default_rng(0)
    score = np.round(rng.random(300), 2)
    fraud = rng.random(300) < 0.1
    rung = ladder_of(score, fraud).rung
    for i in range(300):
        higher = score > score[i]
        assert (rung[higher] <= rung[i]).all()
        if fraud[i]:
            assert ((rung == rung[i]) == (score == score[i])).all()


def test_a_ladder_made_in_chunks_is_the_same(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    score, fraud = rng.random(1_000), rng.random(1_000) < 0.1
    whole = ladder_of(score, fraud).rung
    monkeypatch.setattr(module, "CHUNK", 7)
    np.testing.assert_array_equal(ladder_of(score, fraud).rung, whole)


def test_without_fraud_there_is_one_rung() -> None:
    ladder = ladder_of(np.array([0.1, 0.9]), np.zeros(2, np.bool_))
    assert ladder.n_rungs == 1
    assert sums_of(ladder, np.array([0, 1]), None).tolist() == [2.0]


def test_weights_of_users_add_up_as_bincount_adds_them() -> None:
    rng = np.random.default_rng(2)
    n, users = 500, 20
    ladder = ladder_of(np.round(rng.random(n), 2), rng.random(n) < 0.1)
    user = rng.integers(0, users, n).astype(np.int32)
    left_out = rng.random(n) < 0.3
    weights = rng.integers(0, 4, (users, 3)).astype(np.uint8)
    worth = rng.random(n)
    counts = np.zeros((ladder.n_rungs, 3), np.int32)
    amounts = np.zeros((ladder.n_rungs, 3))
    add_weights(counts, ladder.rung, user, left_out, weights)
    add_worth(amounts, ladder.rung, user, left_out, weights, worth)
    at = np.flatnonzero(~left_out)
    for b in range(3):
        w = weights[user[at], b].astype(np.float64)
        expected = np.bincount(ladder.rung[at], w, ladder.n_rungs)
        np.testing.assert_array_equal(counts[:, b], expected)
        expected = np.bincount(ladder.rung[at], w * worth[at], ladder.n_rungs)
        np.testing.assert_allclose(amounts[:, b], expected)


def test_the_ends_of_the_first_k_have_rungs_of_their_own() -> None:
    score = np.array([0.9, 0.8, 0.8, 0.7, 0.1])
    rung = ladder_of(score, np.array([0, 0, 0, 0, 1], np.bool_), (2, 9)).rung
    assert rung.tolist() == [0, 1, 1, 2, 3]
