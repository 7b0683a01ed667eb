from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.recipe import Recipe
from model.scorer import ModelScorer
from model.slices import Slices, cut, time_order
from model.training import train
from tests.model.shop import DAY_MS, NAMES, history
from topics.errors import InputError


def ends(slices: Slices) -> list[int]:
    return [0, slices.train, slices.validation, slices.calibration, slices.n]


def in_order(times: list[int], users: list[int]) -> tuple[np.ndarray, np.ndarray]:
    time_ms, user = np.array(times, np.int64), np.array(users, np.uint64)
    order = time_order(time_ms, user)
    return time_ms[order], user[order]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 30)), min_size=4, max_size=300),
)
def test_every_slice_has_rows_however_few_instants_and_users_there_are(
    rows: list[tuple[int, int]],
) -> None:
    slices = cut(*in_order([time for time, _ in rows], [user for _, user in rows]))
    assert (np.diff(ends(slices)) > 0).all()
    assert slices.n == len(rows)


@pytest.mark.parametrize("n_days", [1, 2, 3, 4, 6, 9])
def test_slices_of_few_days_have_at_least_half_of_their_share(n_days: int) -> None:
    rng = np.random.default_rng(0)
    time_ms, user = in_order(
        rng.integers(0, n_days, 3000).tolist(), rng.integers(0, 500, 3000).tolist()
    )
    slices = cut(time_ms, user)
    assert (np.diff(ends(slices)) >= 3000 * np.array([0.36, 0.045, 0.04, 0.04])).all()
    for end in ends(slices)[1:-1]:  # where a day is cut, it is between two users
        assert (time_ms[end - 1], user[end - 1]) != (time_ms[end], user[end])


def test_days_are_not_cut_where_there_are_many_and_nothing_changes_where_instants_are_fine() -> (
    None
):
    days = np.repeat(np.arange(300), 10)
    slices = cut(days, np.arange(3000, dtype=np.uint64))
    assert ends(slices) == [0, 2160, 2460, 2730, 3000]
    fine = np.random.default_rng(0).integers(0, 10**6, 3000)
    users = np.random.default_rng(1).integers(0, 99, 3000).astype(np.uint64)
    np.testing.assert_array_equal(time_order(fine, users), np.argsort(fine, kind="stable"))


def test_an_end_moves_on_to_the_next_day_where_moving_back_leaves_too_little() -> None:
    time_ms = np.repeat([1, 2, 3, 4], [700, 150, 60, 90])
    assert ends(cut(time_ms, np.zeros(1000, np.uint64))) == [0, 700, 850, 910, 1000]


def test_fewer_events_than_slices_are_an_input_error() -> None:
    with pytest.raises(InputError, match="3 events cannot be cut"):
        cut(np.arange(3), np.zeros(3, np.uint64))


@pytest.mark.parametrize("n_days", [1, 2, 3])
def test_a_history_of_one_instant_or_a_few_dates_trains(tmp_path: Path, n_days: int) -> None:
    rows = history(1200)
    day = rows.x.rows["time_ms"][0] + np.arange(1200) * n_days // 1200 * DAY_MS
    rows.x.rows["time_ms"] = day
    folder = train(
        replace(rows, time_ms=day), feature_names=NAMES, feature_version="7", out=tmp_path / "m",
        progress=False, recipe=Recipe(epochs=1, at_least_negatives=2000),
    )  # fmt: skip
    found = ModelScorer.load(folder)
    assert found.manifest["metrics"]["fused"]["average_precision"] > 0
    assert np.isfinite(found.score(rows.x).p_fraud).all()
