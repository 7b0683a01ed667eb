"""Chance has the distributions that it says, and every stream is its own."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.simulator.dice import dice, running

N = 20_000


@given(st.integers(0, 2**63 - 1), st.text(max_size=8), st.integers(0, 10**6))
def test_the_same_key_is_the_same_stream_and_another_is_not(seed, name, number):
    assert dice(seed, name, number).name() == dice(seed, name, number).name()
    assert dice(seed, name, number).name() != dice(seed, name, number + 1).name()
    assert dice(seed, name, number).name() != dice(seed + 1, name, number).name()


def test_a_stream_never_changes():
    rng = dice(7, "cohort", 3)
    assert [rng.whole(0, 999) for _ in range(5)] == [55, 890, 812, 178, 931]


@pytest.mark.parametrize("mean", [0.3, 4.0, 80.0])
def test_counts_are_poisson(mean):
    rng = dice(1, "count")
    counts = [rng.count(mean) for _ in range(N)]
    assert statistics.mean(counts) == pytest.approx(mean, rel=0.05)
    assert statistics.variance(counts) == pytest.approx(mean, rel=0.08)


def test_numbers_around_a_median_lie_half_above_it():
    rng = dice(2, "around")
    numbers = [rng.around(50.0, 0.8) for _ in range(N)]
    assert statistics.median(numbers) == pytest.approx(50.0, rel=0.05)
    assert min(numbers) > 0


def test_weights_are_kept():
    rng = dice(3, "weigh")
    cumulative = running([1.0, 0.0, 3.0])
    found = [rng.weigh("abc", cumulative) for _ in range(N)]
    assert found.count("b") == 0
    assert found.count("c") / N == pytest.approx(0.75, abs=0.02)


def test_a_share_is_right_on_average():
    rng = dice(4, "share")
    found = [rng.share(2.25) for _ in range(N)]
    assert set(found) == {2, 3}
    assert statistics.mean(found) == pytest.approx(2.25, abs=0.02)
