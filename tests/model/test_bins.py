import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.bins import Bins
from model.transformer import EventTransformer, Shape

VALUES = st.one_of(st.floats(-1e6, 1e6, width=32), st.just(float("nan")), st.just(0.0))


@given(arrays(np.float32, (30, 2), elements=VALUES), arrays(np.float32, (9, 2), elements=VALUES))
def test_a_place_is_a_mixture_of_two_knots_of_the_right_feature(
    learned: np.ndarray, asked: np.ndarray
) -> None:
    bins = Bins.fit(learned)
    row, weight = bins.place(asked)
    np.testing.assert_allclose(weight.reshape(9, 2, 2).sum(2), 1, atol=1e-6)
    assert (weight >= 0).all()
    for feature in range(2):
        low, high = bins.first[feature], bins.first[feature + 1]
        mine = row[:, 2 * feature : 2 * feature + 2]
        assert ((low <= mine) & (mine < high)).all()
        unknown = np.isnan(asked[:, feature])
        assert ((mine[:, 0] == high - 1) == unknown).all()


@given(arrays(np.float32, (40, 1), elements=st.floats(-100, 100, width=32)))
def test_between_the_knots_the_mixture_gives_the_value_back(learned: np.ndarray) -> None:
    bins = Bins.fit(learned)
    knots = np.nan_to_num(bins.knots)
    row, weight = bins.place(learned)
    np.testing.assert_allclose((knots[row] * weight).sum(1), learned[:, 0], rtol=1e-4, atol=1e-4)


def test_rare_rows_that_weigh_more_get_knots_where_they_lie() -> None:
    values = np.concatenate([np.zeros(9990), np.linspace(50, 60, 10)]).astype(np.float32)[:, None]
    weight = np.where(values[:, 0] > 0, 1 / 10, 1 / 9990)
    assert (Bins.fit(values, weight).knots > 49).sum() >= 8


def test_the_table_adds_a_step_at_every_knot_and_keeps_unknown_apart() -> None:
    bins = Bins(np.array([0, 1, 2, np.nan, 5, np.nan], np.float32), np.array([0, 4, 6], np.int32))
    network = EventTransformer(Shape(n_rows=6, text=0), torch.from_numpy(bins.first))
    steps = network.steps.detach()
    expected = [steps[0], steps[0] + steps[1], steps[:3].sum(0), steps[3], steps[4], steps[5]]
    torch.testing.assert_close(network.table().detach(), torch.stack(expected), atol=1e-5, rtol=0)


def test_another_number_of_features_is_refused():
    bins = Bins.fit(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="2 features where the knots are of 3"):
        bins.place(np.zeros((1, 2), np.float32))


def test_beyond_the_knots_the_last_ones_count_whole():
    bins = Bins(np.array([1, 4, np.nan, 7, np.nan], np.float32), np.array([0, 3, 5], np.int32))
    row, weight = bins.place(np.array([[np.inf, -np.inf], [-9, 8], [4, 7]], np.float32))
    assert row[weight == 1].reshape(3, 2).tolist() == [[1, 3], [0, 3], [1, 3]]
    assert (weight[weight < 1] == 0).all()
