"""What a budget of alerts catches, and what the policy did."""

import numpy as np
import pytest

from stream.judging.budget import by_budget, policy_actions
from stream.judging.days import days_of
from stream.judging.judged import Judged
from tests.stream.judging.cases import judged


def _budgets(events: Judged) -> dict:
    return by_budget(events, days_of(events.day))


def test_a_budget_takes_the_highest_scores_of_each_day() -> None:
    events = judged(2_000, score=np.random.default_rng(0).random(2_000))
    found = _budgets(events)["50"]
    fraud, amount = events.label == 1, np.nan_to_num(events.amount)
    taken = np.zeros(2_000, np.bool_)
    for day in set(events.day.tolist()):
        at = np.flatnonzero(events.day == day)
        taken[at[np.argsort(-events.score[at])[:50]]] = True
    assert found["n_alerts"] == 500
    assert found["precision"] == pytest.approx(fraud[taken].mean())
    assert found["recall"] == pytest.approx(taken[fraud].mean())
    assert found["value_caught"] == pytest.approx(amount[taken & fraud].sum())
    assert found["recall_by_amount"] == pytest.approx(
        amount[taken & fraud].sum() / amount[fraud].sum()
    )


def test_ties_at_the_edge_count_by_the_share_that_fits() -> None:
    events = judged(20, day=np.zeros(20, np.int32), score=np.full(20, 0.5))
    events.label[:] = np.arange(20) < 6
    found = _budgets(events)
    assert found["10"]["n_caught"] == pytest.approx(3)
    assert found["50"]["n_alerts"] == 20
    assert found["50"]["recall"] == 1


def test_the_truth_as_a_score_attains_the_most() -> None:
    events = judged(2_000)
    amount = np.nan_to_num(events.amount)
    best = judged(2_000, score=np.where(events.label == 1, 1 + amount, 0.0))
    for found in _budgets(best).values():
        most = found["maximum"]
        assert {name: found[name] for name in most} == pytest.approx(most)


def test_without_fraud_or_amounts_there_is_no_recall_and_no_value() -> None:
    found = _budgets(judged(50, label=np.zeros(50, np.int8), amount=np.full(50, np.nan)))["10"]
    assert found["precision"] == 0
    assert found["recall"] is None
    assert found["value_caught"] is None
    assert found["maximum"]["recall_by_amount"] is None


def test_actions_are_counted_over_all_and_judged_over_the_labelled() -> None:
    events = judged(2_000)
    events.label[::4] = -1
    found = policy_actions(events)
    alerts, known, fraud = events.action > 0, events.label >= 0, events.label == 1
    assert found["alerts"]["n"] == alerts.sum()
    assert found["alerts"]["precision"] == pytest.approx(fraud[alerts & known].mean())
    assert found["alerts"]["recall"] == pytest.approx(alerts[fraud].mean())
    assert sum(part["n"] for part in found["by_action"].values()) == 2_000
    assert sum(part["recall"] for part in found["by_action"].values()) == pytest.approx(1)
    assert found["by_action"]["step_up"]["precision"] is None
