"""What is said of a scenario: against which events, and what is weak about it."""

from dataclasses import replace

import numpy as np
import pytest

from stream.bench.exam import BESIDE, HONEST, Exam
from stream.bench.scenarios import found_in, summary_of
from stream.pipeline.features import N_FEATURES, NAMES
from topics.vocabulary import PLACED, RETURNED, VIEW

N = 2_000


def _exam(seed: int) -> Exam:
    """An exam with 100 cases of one scenario, all placed orders, among 900 honest ones."""
    rng = np.random.default_rng(seed)
    step = np.full(N, VIEW, np.uint8)
    step[:1_000] = PLACED
    step[1_000:1_200] = RETURNED
    scenario = np.full(N, HONEST, np.int8)
    scenario[:100] = 0
    scenario[100:110] = BESIDE
    boosting = rng.random(N) + (scenario == 0)
    features = rng.random((1_200, N_FEATURES)).astype(np.float32)
    return Exam(
        ("theft",), scenario, step, boosting.copy(), boosting - 1, boosting, np.arange(1_200),
        features,
        [None] * 1_200, np.arange(1_200, dtype=np.uint64),
    )  # fmt: skip


def test_a_scenario_is_compared_with_honest_events_of_its_own_steps() -> None:
    found = found_in(_exam(0))
    theft = found["theft"]
    assert theft.n_cases == 100
    assert theft.steps == ("order placed",)
    assert theft.within["base_rate"] == pytest.approx(100 / 990)
    assert theft.overall["base_rate"] == pytest.approx(100 / 1_990)
    assert theft.within["ratio_to_boosting"] == theft.within["network_ratio_to_boosting"] == 1
    assert theft.text is None


def test_a_fair_market_and_a_model_as_good_as_boosting_are_not_weak() -> None:
    summary = summary_of([found_in(_exam(seed)) for seed in range(3)])["theft"]
    assert summary["measured"]
    assert summary["n_cases"] == 100
    assert summary["weak"] == []
    assert 0.5 < summary["feature_auc"] < 0.7


def test_a_feature_that_separates_is_named() -> None:
    exams = [_exam(seed) for seed in range(3)]
    for exam in exams:
        exam.features[:, 7] = -(exam.scenario[exam.at] == 0).astype(np.float32)
    summary = summary_of([found_in(exam) for exam in exams])["theft"]
    assert (summary["feature"], summary["feature_auc"]) == (NAMES[7], 1.0)
    assert summary["weak"] == ["feature_auc"]


def test_a_model_that_knows_nothing_is_weak() -> None:
    rng = np.random.default_rng(9)
    exams = [replace(_exam(seed), score=rng.random(N)) for seed in range(3)]
    summary = summary_of([found_in(exam) for exam in exams])["theft"]
    assert summary["weak"] == ["ratio_to_base", "ratio_to_boosting"]


def test_the_median_of_the_markets_counts() -> None:
    rng = np.random.default_rng(9)
    bad = replace(_exam(5), score=rng.random(N))
    summary = summary_of([found_in(e) for e in (_exam(0), bad, _exam(1))])["theft"]
    assert summary["ratio_to_boosting"] == 1
    assert min(summary["ratio_to_boosting_by_seed"]) < 0.5
    assert summary["weak"] == []
