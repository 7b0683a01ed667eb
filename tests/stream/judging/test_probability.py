"""Log loss, Brier score and calibration error against scikit-learn and the obvious loop."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from stream.judging import ladder
from stream.judging.judged import cases_of
from stream.judging.probability import (
    HIGHEST,
    LOSSES,
    NAMES,
    calibration_error,
    probability_metrics,
)
from tests.stream.judging.cases import judged


def _slow_error(fraud: Any, p: Any, weight: Any) -> float:
    """Bins of equal mass from events in order, one after another; no two have one p."""
    order = np.argsort(p)
    gaps = [0.0] * 15
    before, total = 0.0, weight.sum()
    for i in order:
        before += weight[i]
        gaps[max(0, int(np.ceil(15 * before / total - 1e-9)) - 1)] += weight[i] * (fraud[i] - p[i])
    return sum(abs(gap) for gap in gaps) / total


@pytest.mark.parametrize("chunk", [1 << 20, 17])
def test_losses_are_scikit_learns_also_in_chunks(monkeypatch, chunk) -> None:
    monkeypatch.setattr(ladder, "CHUNK", chunk)
    cases = cases_of(judged(500))
    weight = np.random.default_rng(0).random(500)
    for worth in (None, weight):
        found, spread = probability_metrics(cases, worth, seed=0, n_resamples=20)
        assert found["log_loss"] == pytest.approx(
            log_loss(cases.fraud, cases.p, sample_weight=worth)
        )
        assert found["brier"] == pytest.approx(
            brier_score_loss(cases.fraud, cases.p, sample_weight=worth)
        )
        for name in LOSSES:
            ends = spread[name]
            assert ends is not None
            assert ends[0] < found[name] < ends[1]


def test_calibration_error_is_that_of_fifteen_bins_of_equal_mass() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(1_500) ** 3
    fraud = rng.random(1_500) < p**1.3
    assert calibration_error(fraud, p, None) == pytest.approx(_slow_error(fraud, p, np.ones(1_500)))
    weight = rng.integers(1, 5, 1_500).astype(float)
    # A weighted bin ends at an event, so that the two may cut one event apart.
    assert calibration_error(fraud, p, weight) == pytest.approx(
        _slow_error(fraud, p, weight), abs=0.002
    )


def test_a_calibrated_probability_has_almost_no_error_and_a_doubled_one_has_its_excess() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(200_000) * 0.4
    fraud = rng.random(200_000) < p
    assert calibration_error(fraud, p, None) < 0.004
    assert calibration_error(fraud, 2 * p, None) == pytest.approx(0.2, abs=0.004)


def test_one_probability_for_all_is_one_bin() -> None:
    fraud = np.array([True, False, False, False])
    assert calibration_error(fraud, np.full(4, 0.5), None) == pytest.approx(0.25)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_base_rates_loss_is_scikit_learns_for_the_best_constant(weighted) -> None:
    cases = cases_of(judged(500))
    worth = np.random.default_rng(0).random(500) if weighted else None
    found, _ = probability_metrics(cases, worth, seed=0, n_resamples=10)
    share = np.average(cases.fraud, weights=worth)
    constant = np.full(500, share)
    assert found["log_loss_base_rate"] == pytest.approx(
        log_loss(cases.fraud, constant, sample_weight=worth)
    )
    for other in (constant * 1.1, constant * 0.9):
        loss = log_loss(cases.fraud, other, sample_weight=worth)
        assert found["log_loss_base_rate"] < loss


def test_one_class_alone_is_no_surprise_to_its_base_rate() -> None:
    cases = cases_of(judged(50, label=np.zeros(50, np.int8)))
    found, _ = probability_metrics(cases, None, seed=0, n_resamples=10)
    assert found["log_loss_base_rate"] == 0


@pytest.mark.parametrize("weighted", [False, True])
def test_the_thousand_highest_are_compared_with_what_happened_to_them(weighted) -> None:
    rng = np.random.default_rng(3)
    cases = cases_of(judged(5_000, p=rng.permutation(5_000) / 5_000))
    worth = rng.random(5_000) if weighted else None
    found, spread = probability_metrics(cases, worth, seed=0, n_resamples=50)
    top = np.argsort(-cases.p)[:HIGHEST]
    weight = None if worth is None else worth[top]
    assert found["highest_1000"] == {
        "mean_p": pytest.approx(np.average(cases.p[top], weights=weight)),
        "fraud_share": pytest.approx(np.average(cases.fraud[top], weights=weight)),
    }
    low, high = spread["highest_1000"]["fraud_share"]
    assert low < found["highest_1000"]["fraud_share"] < high


def test_of_events_of_one_probability_at_the_end_of_the_thousand_each_counts_in_part() -> None:
    p = np.repeat([0.9, 0.5, 0.1], [600, 800, 100])
    label = np.zeros(1_500, np.int8)
    label[:300] = label[600:700] = 1  # half of the first, an eighth of the next
    cases = cases_of(judged(1_500, p=p, label=label))
    found, _ = probability_metrics(cases, None, seed=0, n_resamples=10)
    assert found["highest_1000"]["mean_p"] == pytest.approx(0.6 * 0.9 + 0.4 * 0.5)
    assert found["highest_1000"]["fraud_share"] == pytest.approx((300 + 400 / 8) / 1_000)


def test_fewer_than_a_thousand_events_have_no_highest_thousand() -> None:
    found, spread = probability_metrics(cases_of(judged(999)), None, seed=0, n_resamples=10)
    assert found["highest_1000"] is spread["highest_1000"] is None


def test_events_without_a_probability_are_left_out() -> None:
    events = judged(400)
    p = events.p.copy()
    p[::2] = np.nan
    some = probability_metrics(cases_of(judged(400, p=p)), None, seed=0, n_resamples=10)
    rest = cases_of(events).take(np.arange(1, 400, 2))
    assert some == probability_metrics(rest, None, seed=0, n_resamples=10)


def test_without_probabilities_nothing_is_known() -> None:
    cases = cases_of(judged(50, p=np.full(50, np.nan)))
    found, spread = probability_metrics(cases, None, seed=0, n_resamples=10)
    assert found == dict.fromkeys(NAMES)
    assert spread == {}


def test_a_certain_mistake_costs_much_and_not_infinitely_much() -> None:
    events = judged(2, p=np.array([1.0, 0.0]), label=np.array([0, 1], np.int8))
    found, _ = probability_metrics(cases_of(events), None, seed=0, n_resamples=10)
    assert found["log_loss"] == pytest.approx(36.04, abs=0.01)
    assert found["brier"] == found["ece"] == 1
