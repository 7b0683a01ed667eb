import numpy as np
import pytest

from model.habits import AT, NAMES, habits
from topics.columns import EVENT, PAST
from topics.scores import ScoreInput
from topics.vocabulary import BROWSE, LOGIN, ORDER, PAID, PLACED, RETURNED

DAY_S, NOW_S = 86_400, 1_700_000_000


def known(events, *, step=LOGIN, amount=np.nan, features=(), names=(), horizon=30.0):
    """Habits of one user whose past events are (step, amount, days ago), newest first."""
    past = np.zeros((1, 6), PAST)
    past["step"] = 255
    for at, (one, paid, days) in enumerate(events):
        past[0, at]["step"], past[0, at]["amount"] = one, paid
        past[0, at]["time_s"] = NOW_S - round(days * DAY_S)
    rows = np.zeros(1, EVENT)
    rows["time_ms"], rows["step"], rows["amount"] = NOW_S * 1000, step, amount
    rows["type"] = ORDER if step < 8 else BROWSE
    x = ScoreInput(rows, np.array([features], np.float32), past, np.array([len(events)], np.uint8),
                   [None])  # fmt: skip
    return dict(zip(NAMES, habits(x, names, horizon)[0].tolist(), strict=True))


def test_orders_are_counted_and_summed_by_horizons_less_what_came_back():
    found = known([(PLACED, 10, 5), (RETURNED, 4, 12), (PLACED, 20, 25), (PLACED, 60, 45)])
    assert [found[f"orders_{w}"] for w in ("third", "one", "two", "kept")] == [1, 2, 3, 3]
    assert [found[f"net_{w}"] for w in ("third", "one", "two", "kept")] == [10, 26, 86, 86]
    assert (found["mean_amount"], found["largest_amount"], found["returned"]) == (30, 60, 4)
    assert (found["days_since_last"], found["days_since_third"]) == (5, 45)
    assert (found["days_between"], found["overdue"]) == (20, 0.25)


def test_an_order_counts_itself_and_a_visit_does_not():
    ordered = known([(PLACED, 10, 5)], step=PLACED, amount=7.0)
    visited = known([(PLACED, 10, 5)], step=LOGIN, amount=7.0)
    assert (ordered["net_one"], ordered["days_since_last"], ordered["orders_one"]) == (17, 0, 2)
    assert (visited["net_one"], visited["days_since_last"], visited["orders_one"]) == (10, 5, 1)


def test_an_order_seen_placed_and_paid_counts_once():
    assert known([(PAID, 10, 4), (PLACED, 10, 5)])["orders_kept"] == 1
    assert known([(PAID, 10, 4), (PAID, 10, 5)])["orders_kept"] == 2


def test_a_lifetime_goes_beyond_the_orders_that_are_kept():
    names, features = ["n_orders", "tenure_days"], (40.0, 300.0)
    found = known([(PLACED, 10, 5), (PLACED, 30, 8)], features=features, names=names)
    assert (found["lifetime"], found["rate"]) == (800, pytest.approx(80))
    assert (found["n_orders"], found["tenure_days"]) == (40, 300)


def test_of_somebody_without_orders_little_is_known():
    found = known([])
    assert (found["orders_kept"], found["lifetime"], found["rate"]) == (0, 0, 0)
    assert np.isnan([found["days_since_last"], found["days_between"], found["overdue"]]).all()
    assert np.isnan(found["n_orders"])
    assert len(found) == len(AT)
