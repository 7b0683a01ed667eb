"""Resampling users: what an interval covers, and what it does not depend on."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from stream.judging import resampling
from stream.judging.blocks import amount_block, block_of
from stream.judging.judged import Cases, cases_of
from stream.judging.ladder import ladder_of
from stream.judging.resampling import interval, rank_intervals, user_weights
from tests.stream.judging.cases import judged


def _drawn(cases: Cases, n: int, seed: int) -> np.ndarray:
    return np.concatenate(list(user_weights(cases.n_users, n, 8, seed)), axis=1)


def _quantiles(values: list[float]) -> list[float]:
    return np.quantile(values, [0.025, 0.975]).tolist()


def test_intervals_are_those_of_scikit_learn_on_the_same_draws() -> None:
    cases = cases_of(judged(800))
    found = block_of(cases, seed=5, n_resamples=40)["interval_95"]
    weights = [w[cases.user] for w in _drawn(cases, 40, 5).T]
    y, s = cases.fraud, cases.score
    assert found["roc_auc"] == pytest.approx(
        _quantiles([roc_auc_score(y, s, sample_weight=w) for w in weights])
    )
    assert found["average_precision"] == pytest.approx(
        _quantiles([average_precision_score(y, s, sample_weight=w) for w in weights])
    )
    assert found["log_loss"] == pytest.approx(
        _quantiles([log_loss(y, cases.p, sample_weight=w) for w in weights])
    )
    assert set(found) == {
        "roc_auc", "average_precision", "recall_at_fpr_1pct", "ks", "precision_at_k", "log_loss",
        "brier", "highest_1000",
    }  # fmt: skip


def test_intervals_by_amount_are_those_of_scikit_learn_on_the_same_draws() -> None:
    cases = cases_of(judged(800, amount=np.random.default_rng(1).gamma(2, 10, 800)))
    block = amount_block(cases, seed=5, n_resamples=30)
    assert block is not None
    weights = [w[cases.user] * cases.amount for w in _drawn(cases, 30, 5).T]
    expected = [roc_auc_score(cases.fraud, cases.score, sample_weight=w) for w in weights]
    assert block["interval_95"]["roc_auc"] == pytest.approx(_quantiles(expected))


def test_repeating_every_event_of_a_user_narrows_nothing() -> None:
    once = judged(600)
    often = once.take(np.repeat(np.arange(600), 10))
    one, ten = (block_of(cases_of(e), seed=0, n_resamples=50)["interval_95"] for e in (once, often))
    for name in ("roc_auc", "average_precision", "log_loss"):
        assert ten[name] == pytest.approx(one[name])


def test_blocks_of_another_size_draw_the_same(monkeypatch) -> None:
    cases = cases_of(judged(500))
    whole = block_of(cases, seed=3, n_resamples=20)["interval_95"]
    monkeypatch.setattr(resampling, "MOST_AT_ONCE", 3)
    found = block_of(cases, seed=3, n_resamples=20)["interval_95"]
    assert found.pop("precision_at_k") == whole.pop("precision_at_k")
    for name, ends in whole.items():
        assert found[name] == pytest.approx(ends)


def test_another_seed_draws_other_users() -> None:
    cases = cases_of(judged(500))
    one, other = (block_of(cases, seed=s, n_resamples=20)["interval_95"] for s in (1, 2))
    assert one["roc_auc"] != other["roc_auc"]


def test_a_single_user_gives_no_interval() -> None:
    found = block_of(cases_of(judged(300, user=np.ones(300, np.uint64))), seed=0, n_resamples=20)
    assert found["roc_auc"] is not None
    assert "roc_auc" not in found["interval_95"]
    assert found["interval_95"]["log_loss"] is None


def test_parts_of_the_frauds_get_the_intervals_they_get_alone() -> None:
    cases = cases_of(judged(800))
    rows = np.flatnonzero(cases.fraud)[::3]
    others = np.setdiff1d(np.flatnonzero(cases.fraud), rows)
    together = rank_intervals(
        cases, ladder_of(cases.score, cases.fraud), [others, rows], None, seed=1, n_resamples=20
    )[1]
    weights = _drawn(cases, 20, 1)[cases.user].astype(float)
    weights[others] = 0
    expected = [roc_auc_score(cases.fraud, cases.score, sample_weight=w) for w in weights.T]
    assert together["roc_auc"] == pytest.approx(_quantiles(expected))


def test_an_interval_needs_a_value_in_half_of_the_resamples() -> None:
    assert interval(np.array([np.nan, np.nan, 1.0])) is None
    assert interval(np.array([np.nan, 1.0, 1.0])) == [1.0, 1.0]


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    everybody = judged(400_000, n_users=400_000, seed=9)
    truth = roc_auc_score(everybody.label, everybody.score)
    inside = 0
    for seed in range(60):
        events = judged(2_000, seed=seed, n_users=2_000)
        low, high = block_of(cases_of(events), seed=0, n_resamples=100)["interval_95"]["roc_auc"]
        inside += low <= truth <= high
    assert inside >= 51
