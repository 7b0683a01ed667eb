from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.asked import Asked
from model.habits import AT, NAMES
from model.scorer import ModelScorer
from model.spending import Spending
from model.training import train
from tests.model import shop
from tests.model.conftest import SHORT


def asked(n: int = 6000, seed: int = 0) -> Asked:
    """Users who go on as they did, if they come back at all, the less likely the longer away."""
    rng = np.random.default_rng(seed)
    pace, days = rng.lognormal(3, 1, n), rng.exponential(40, n)
    known = np.full((n, len(NAMES)), np.nan, np.float32)
    for name in ("net_one", "rate", "lifetime"):
        known[:, AT[name]] = pace * rng.lognormal(0, 0.2, n)
    known[:, AT["net_two"]] = 2 * pace
    known[:, AT["days_since_last"]] = days
    back = rng.random(n) < np.exp(-days / 60)
    spend = np.where(back, pace * rng.lognormal(0, 0.3, n), 0).astype(np.float32)
    user = rng.integers(0, 2**63, n // 4, dtype=np.uint64)[rng.integers(0, n // 4, n)]
    return Asked(known, spend, user, np.zeros(n, np.int64))


@pytest.fixture(scope="module")
def spending() -> Spending:
    rows = asked()
    found = Spending.fit(rows.habits, rows.spend, rows.user, seed=0)
    assert found is not None
    return found


def test_mean_and_median_beat_constants_on_users_never_seen(spending: Spending) -> None:
    rows = asked(seed=1)
    mean, median = spending.mean(rows.habits), spending.median(rows.habits)
    assert mean.mean() == pytest.approx(rows.spend.mean(), rel=0.15)
    assert np.square(mean - rows.spend).mean() < 0.75 * rows.spend.var()
    constant = np.abs(rows.spend - np.median(rows.spend)).mean()
    assert np.abs(median - rows.spend).mean() < 0.8 * constant
    assert (median >= 0).all()


def test_more_spending_never_lowers_what_is_expected_and_silence_never_raises_it(
    spending: Spending,
) -> None:
    rows = asked(500, seed=2)
    richer, longer = rows.habits.copy(), rows.habits.copy()
    richer[:, [AT[name] for name in ("net_one", "net_two", "rate", "lifetime")]] *= 2
    longer[:, AT["days_since_last"]] += 30
    mean = spending.mean(rows.habits)
    assert (spending.mean(richer) >= mean - 1e-9).all()
    assert (spending.mean(longer) <= mean + 1e-9).all()


def test_customers_larger_than_any_seen_are_expected_to_spend_more_than_the_largest_seen(
    spending: Spending,
) -> None:
    one = asked(500, seed=3).habits
    largest = one[[np.argmax(one[:, AT["net_one"]])]]
    larger = largest.copy()
    larger[:, [AT[name] for name in ("net_one", "net_two", "rate", "lifetime")]] *= 10
    assert spending.mean(larger)[0] > 3 * spending.mean(largest)[0]


def test_silence_longer_than_any_seen_lowers_what_is_expected_further() -> None:
    rng, rows = np.random.default_rng(4), asked(seed=4)
    silent = rows.habits[:, AT["days_since_last"]]
    rows.habits[:, AT["n_orders"]] = 1 + rng.poisson(3, len(rows))
    rows.habits[:, AT["tenure_days"]] = silent + rng.uniform(1, 100, len(rows))
    found = Spending.fit(rows.habits, rows.spend, rows.user, seed=0)
    assert found is not None
    gone = rows.habits[[np.argmax(silent)]].repeat(2, 0)
    gone[1, [AT["days_since_last"], AT["tenure_days"]]] += 300
    longest, longer = found.mean(gone).tolist()
    assert longer < 0.99 * longest


def test_too_few_rows_or_no_spend_teach_nothing() -> None:
    rows = asked(100)
    assert Spending.fit(rows.habits, rows.spend, rows.user, seed=0) is None
    rows = asked(1000)
    assert Spending.fit(rows.habits, 0 * rows.spend, rows.user, seed=0) is None
    one = np.zeros(1000, np.uint64)
    assert Spending.fit(rows.habits, rows.spend, one, seed=0) is None


def test_a_spend_that_is_not_known_yet_is_left_out(spending: Spending) -> None:
    rows = asked()
    habits = np.concatenate([rows.habits, rows.habits[:300]])
    spend = np.concatenate([rows.spend, np.full(300, np.nan, np.float32)])
    user = np.concatenate([rows.user, rows.user[:300]])
    found = Spending.fit(habits, spend, user, seed=0)
    assert found is not None
    np.testing.assert_array_equal(found.mean(rows.habits), spending.mean(rows.habits))


def test_a_model_folder_keeps_it_and_its_scorer_tells_it_per_30_days(
    tmp_path: Path, spending: Spending
) -> None:
    rows = replace(shop.history(2000), asked=asked())
    out = train(
        rows, feature_names=shop.NAMES, feature_version="7", out=tmp_path / "model",
        progress=False, recipe=SHORT, spend_horizon_days=60,
    )  # fmt: skip
    scorer = ModelScorer.load(out)
    assert scorer.expects is not None
    known = asked(50, seed=4).habits
    np.testing.assert_array_equal(scorer.expects.spending.mean(known), spending.mean(known))
    np.testing.assert_array_equal(scorer.expects.spending.median(known), spending.median(known))
    x = rows.x
    np.testing.assert_allclose(scorer.score(x).spend, scorer.expects.mean(x) / 2, rtol=1e-12)
