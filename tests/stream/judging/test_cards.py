"""Card precision against the handbook's protocol, written out day by day."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from stream.judging.cards import card_precision, most_card_precision
from stream.judging.days import days_of


def _slow(day: Any, user: Any, score: Any, fraud: Any, k: int) -> float:
    found: set[int] = set()
    precisions = []
    for d in sorted(set(day.tolist())):
        cards: dict[int, tuple[float, bool]] = {}
        for i in np.flatnonzero(day == d):
            if user[i] not in found:
                best, bad = cards.get(user[i], (-1.0, False))
                cards[user[i]] = (max(best, score[i]), bad or bool(fraud[i]))
        top = sorted(cards, key=lambda u: -cards[u][0])[:k]
        caught = [u for u in top if cards[u][1]]
        precisions.append(len(caught) / k)
        found |= set(caught)
    return float(np.mean(precisions))


@pytest.mark.parametrize("k", [1, 5, 100])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_handbooks(seed, k) -> None:
    rng = np.random.default_rng(seed)
    n = 1_000
    day, user = rng.integers(0, 7, n), rng.integers(0, 60, n)
    fraud = rng.random(n) < 0.1
    score = rng.random(n) + 0.3 * fraud
    found = card_precision(days_of(day), user.astype(np.uint64), score, fraud, k)
    assert found == pytest.approx(_slow(day, user, score, fraud, k))


def test_a_user_who_was_found_leaves_and_one_who_was_not_stays() -> None:
    days = days_of(np.array([0, 0, 1, 1]))
    user = np.array([1, 2, 1, 2], np.uint64)
    fraud = np.array([True, True, True, True])
    score = np.array([0.9, 0.1, 0.9, 0.1])
    assert card_precision(days, user, score, fraud, 1) == 1.0  # 1 on the first day, then 2
    assert card_precision(days, user, score, fraud, 2) == 0.5  # both on the first day


def test_users_of_one_score_come_in_an_order_that_the_rows_do_not_decide() -> None:
    rng = np.random.default_rng(3)
    user, fraud = rng.integers(0, 50, 400).astype(np.uint64), rng.random(400) < 0.2
    days, score = days_of(np.zeros(400, np.int64)), np.full(400, 0.5)
    turned = slice(None, None, -1)
    assert card_precision(days, user, score, fraud, 10) == card_precision(
        days, user[turned], score, fraud[turned], 10
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_most_is_what_the_best_choice_of_days_finds(seed) -> None:
    rng = np.random.default_rng(seed)
    n_users, n_days, k = 5, 3, 1 + seed % 2
    table = rng.random((n_users, n_days)) < 0.5
    user, day = np.nonzero(np.ones((n_users, n_days)))
    fraud = table[user, day]
    most = 0
    for choice in product(range(-1, n_days), repeat=n_users):
        taken = [d for u, d in enumerate(choice) if d >= 0 and table[u, d]]
        if all(taken.count(d) <= k for d in range(n_days)):
            most = max(most, len(taken))
    found = most_card_precision(days_of(day), user.astype(np.uint64), fraud, k)
    assert found == pytest.approx(most / (k * n_days))


def test_without_fraud_there_is_nothing_to_find() -> None:
    days, user = days_of(np.zeros(3, np.int64)), np.arange(3).astype(np.uint64)
    none = np.zeros(3, np.bool_)
    assert card_precision(days, user, np.ones(3), none) is None
    assert most_card_precision(days, user, none) is None


def test_small_codes_of_users_do_as_well_as_tokens() -> None:
    days, user = days_of(np.zeros(4, np.int64)), np.array([0, 1, 2, 1], np.int32)
    fraud = np.array([False, True, False, False])
    assert card_precision(days, user, np.array([0.1, 0.2, 0.3, 0.4]), fraud, 1) == 1.0
    assert most_card_precision(days, user, fraud, 1) == 1.0
