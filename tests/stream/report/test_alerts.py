"""Which review budgets are drawn over the alerts of each day."""

from itertools import pairwise

import pytest

from stream.report.alerts import _levels
from stream.report.value import Value

BUDGETS = Value({str(n): {} for n in (10, 50, 100, 500)}, ("by_budget",))


@pytest.mark.parametrize(
    ("most", "drawn"),
    [(2, [10]), (9, [10]), (11, [10]), (30, [10, 50]), (80, [10, 50, 100]), (5_000, [500])],
)
def test_budgets_near_the_days_are_drawn_apart_from_each_other(most: int, drawn: list[int]) -> None:
    levels = sorted(level for level, _ in _levels(BUDGETS, most))
    assert set(levels) <= set(drawn)
    assert levels
    assert levels[-1] == drawn[-1]
    high = max(most, levels[-1])
    assert all(b - a > high / 10 for a, b in pairwise(levels))


def test_without_budgets_none_is_drawn() -> None:
    assert _levels(Value(None), 100) == []
