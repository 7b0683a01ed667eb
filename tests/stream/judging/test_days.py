"""Events by day."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from stream.judging.days import DAY_MS, by_day, day_numbers, days_of
from tests.stream.judging.cases import START, judged


def test_sorted_and_shuffled_events_fall_on_the_same_days() -> None:
    day = np.sort(judged(500).day)
    shuffled = np.random.default_rng(0).permutation(500)
    days, mixed = days_of(day), days_of(day[shuffled])
    assert days.order is None
    assert days.numbers.tolist() == mixed.numbers.tolist()
    for at, mixed_at in zip(days, mixed, strict=True):
        assert day[at].tolist() == day[shuffled][mixed_at].tolist()


def test_a_day_begins_at_midnight_utc() -> None:
    days = day_numbers(START * DAY_MS + np.array([-1, 0, DAY_MS - 1, DAY_MS]))
    assert days.tolist() == [18_999, 19_000, 19_000, 19_001]


def test_no_events_have_no_days() -> None:
    assert list(days_of(np.empty(0, np.int64))) == []


def test_each_day_has_its_own_counts_and_alerts_of_unlabelled_events_too() -> None:
    events = judged(2_000)
    events.label[::5] = -1
    found = by_day(events)
    assert [day["day"] for day in found][:2] == ["2022-01-08", "2022-01-09"]
    for i, day in enumerate(found):
        at = events.day - START == i
        known = at & (events.label >= 0)
        assert day["n"] == known.sum()
        assert day["n_fraud"] == (events.label[at] == 1).sum()
        assert day["n_alerts"] == (events.action[at] > 0).sum()
        assert day["average_precision"] == pytest.approx(
            average_precision_score(events.label[known], events.score[known])
        )


def test_a_day_without_fraud_has_no_average_precision() -> None:
    found = by_day(judged(50, label=np.zeros(50, np.int8)))
    assert {day["average_precision"] for day in found} == {None}
