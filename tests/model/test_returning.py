import numpy as np
import pytest
from numpy.typing import NDArray

from model.habits import AT, NAMES
from model.returning import Returning

SHAPE, DAYS, A, B = 0.6, 30.0, 1.2, 2.5


def customers(n: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Customers as the model has them, at a moment; and their orders in the 90 days after it."""
    rng = np.random.default_rng(seed)
    pace, leaving = rng.gamma(SHAPE, 1 / DAYS, n), rng.beta(A, B, n)
    tenure = rng.uniform(10, 400, n)
    orders, last, after = np.ones(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        now, active = 0.0, rng.random() > leaving[i]
        while active and (now := now + rng.exponential(1 / pace[i])) < tenure[i] + 90:
            if now < tenure[i]:
                orders[i], last[i] = orders[i] + 1, now
            else:
                after[i] += 1
            active = rng.random() > leaving[i]
    return habits(orders, tenure, tenure - last), after


def habits(
    orders: NDArray[np.float64], tenure: NDArray[np.float64], silent: NDArray[np.float64]
) -> NDArray[np.float32]:
    found = np.full((len(orders), len(NAMES)), np.nan, np.float32)
    found[:, AT["n_orders"]], found[:, AT["tenure_days"]] = orders, tenure
    found[:, AT["days_since_last"]] = silent
    return found


@pytest.fixture(scope="module")
def returning() -> Returning:
    return Returning.fit(customers(20_000, 0)[0], seed=0)


def test_finds_the_numbers_that_customers_were_drawn_with(returning: Returning) -> None:
    assert returning.shape == pytest.approx(SHAPE, rel=0.15)
    assert returning.days == pytest.approx(DAYS, rel=0.2)
    assert returning.a / (returning.a + returning.b) == pytest.approx(A / (A + B), rel=0.15)


def test_expects_as_many_orders_as_come_of_customers_alike(returning: Returning) -> None:
    known, after = customers(20_000, 1)
    expected = returning.per_day(known)
    groups = np.array_split(np.argsort(expected), 5)
    came = np.array([after[group].mean() for group in groups])
    told = np.array([90 * expected[group].mean() for group in groups])
    assert (np.diff(came) > 0).all()
    assert told[-1] == pytest.approx(came[-1], rel=0.3)  # a pace holds on: told is a little more
    assert told[-1] > 8 * told[0]


def test_longer_silence_always_means_less(returning: Returning) -> None:
    silent = np.linspace(0, 3000, 100)
    for orders in (1.0, 2.0, 50.0):
        pace = returning.per_day(habits(np.full(100, orders), 200 + silent, silent))
        assert (np.diff(pace) < 0).all()
        assert (pace > 0).all()


def test_unknown_and_extreme_habits_give_finite_paces(returning: Returning) -> None:
    known = np.full((3, len(NAMES)), np.nan, np.float32)
    known[1, AT["n_orders"]], known[1, AT["tenure_days"]] = 1e7, 1e5
    known[1, AT["days_since_last"]] = 1e5
    known[2, AT["days_since_last"]] = 100.0  # longer than the tenure
    known[2, AT["n_orders"]], known[2, AT["tenure_days"]] = 5, 10.0
    pace = returning.per_day(known)
    assert np.isfinite(pace).all()
    assert (pace >= 0).all()


@pytest.mark.parametrize("n", [1, 300])
def test_customers_of_one_order_can_be_fitted(n: int) -> None:
    found = Returning.fit(habits(np.ones(n), np.full(n, 50.0), np.full(n, 50.0)), seed=0)
    assert np.isfinite(found.array()).all()
    assert (found.array() > 0).all()


def test_comes_back_from_its_array(returning: Returning) -> None:
    assert Returning.from_array(returning.array()) == returning
