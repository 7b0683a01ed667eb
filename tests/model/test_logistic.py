import numpy as np
import pytest

from model.baseline import ranking
from model.logistic import Logistic

NO_PLACES = np.zeros(6, np.bool_)


def made(n: int, seed: int, rate: float = -3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return features with long tails and gaps, and fraud that follows the logarithm of one."""
    rng = np.random.default_rng(seed)
    x = rng.lognormal(0, 2, (n, 6)).astype(np.float32)
    odds = rate + np.log(x[:, 0]) + 2 * (rng.random(n) < 0.2)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x, (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int8)


def test_it_ranks_later_events_and_one_huge_value_does_not_matter() -> None:
    (x, label), (later, happened) = made(5000, 0), made(5000, 1)
    rated = []
    for largest in (1.0, 1e30):
        x[0], x[1, 3] = np.nan, largest
        fitted = Logistic.fit(x, label, NO_PLACES, seed=0)
        assert fitted is not None
        rated.append(ranking(fitted.log_odds(later), happened).roc_auc)
    assert rated[0] is not None
    assert rated[0] > 0.8
    assert rated[1] == pytest.approx(rated[0], abs=0.01)


def test_of_very_many_rows_a_part_teaches_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    (x, label), (later, happened) = made(20_000, 0, -5.0), made(20_000, 1, -5.0)
    whole = Logistic.fit(x, label, NO_PLACES, seed=0)
    monkeypatch.setattr("model.logistic.MOST_ROWS", 3000)
    part = Logistic.fit(x, label, NO_PLACES, seed=0)
    assert whole is not None
    assert part is not None
    rated = [ranking(one.log_odds(later), happened).roc_auc for one in (whole, part)]
    assert rated[1] == pytest.approx(rated[0], abs=0.02)


def test_too_little_fraud_or_no_feature_teaches_nothing() -> None:
    x, _ = made(300, 0)
    label = np.zeros(300, np.int8)
    assert Logistic.fit(x, label, NO_PLACES, seed=0) is None
    label[:50] = 1
    assert Logistic.fit(np.full_like(x, np.nan), label, NO_PLACES, seed=0) is None
    assert Logistic.fit(x, np.where(label == 1, -1, 0).astype(np.int8), NO_PLACES, seed=0) is None
