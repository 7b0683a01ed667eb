"""Paired differences and the weeks of the handbook's protocol, without its data."""

from datetime import date

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.real.folds import WEEKS
from tests.real.paired import differences
from tests.real.protocol import PROTOCOL


def made(n: int = 4_000, n_users: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fraud, users, and a signal that tells of the fraud."""
    rng = np.random.default_rng(0)
    fraud = (rng.random(n) < 0.05).astype(np.int64)
    return fraud, rng.integers(0, n_users, n), 1.5 * fraud + rng.normal(size=n)


def test_a_score_differs_from_itself_by_nothing_in_any_resample():
    fraud, user, signal = made()
    for found in differences(signal, 3 * signal + 1, fraud, user, n_resamples=50).values():
        assert (found.value, found.low, found.high) == (0, 0, 0)


def test_differences_are_scikit_learns_and_change_sign_with_the_order():
    fraud, user, signal = made()
    noisy = signal + np.random.default_rng(1).normal(size=len(signal))
    found = differences(signal, noisy, fraud, user, n_resamples=200)
    back = differences(noisy, signal, fraud, user, n_resamples=200)
    metrics = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}
    for name, metric in metrics.items():
        right = metric(fraud, signal) - metric(fraud, noisy)
        assert found[name].value == pytest.approx(right)
        assert 0 < found[name].low < right < found[name].high
        assert back[name].low == pytest.approx(-found[name].high)


def test_the_interval_of_two_scores_alike_is_narrower_than_that_of_two_apart():
    fraud, user, signal = made()
    rng = np.random.default_rng(2)
    near = differences(signal, signal + 0.1 * rng.normal(size=len(signal)), fraud, user)
    other = 1.5 * fraud + rng.normal(size=len(signal))
    apart = differences(signal, other, fraud, user)
    for name in near:
        assert near[name].high - near[name].low < 0.5 * (apart[name].high - apart[name].low)
        assert apart[name].low < 0 < apart[name].high


def test_a_resample_takes_a_users_events_together():
    fraud, _, signal = made(n=600)
    noisy = signal + np.random.default_rng(1).normal(size=len(signal))
    single = differences(signal, noisy, fraud, np.arange(600))["roc_auc"]
    thrice = [np.repeat(column, 9) for column in (signal, noisy, fraud, np.arange(600))]
    together = differences(*thrice)["roc_auc"]
    assert together.value == pytest.approx(single.value)
    assert together.high - together.low == pytest.approx(single.high - single.low, rel=0.1)


def test_without_fraud_there_is_no_difference_to_tell():
    _, user, signal = made(n=100)
    with pytest.raises(ValueError, match="both fraud and legitimate"):
        differences(signal, -signal, np.zeros(100), user, n_resamples=5)


def test_the_folds_end_with_the_protocols_week_and_lie_a_week_apart():
    assert WEEKS[-1] == PROTOCOL
    assert [week.tests for week in WEEKS] == [date(2018, 7, 18), date(2018, 7, 25),
                                              date(2018, 8, 1), date(2018, 8, 8)]  # fmt: skip
    assert PROTOCOL.training == ("--from", "2018-07-25", "--until", "2018-08-08",
                                 "--label-delay", "7")  # fmt: skip
    assert PROTOCOL.testing == ("--from", "2018-08-08", "--to", "2018-08-15")
