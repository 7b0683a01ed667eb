import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.amounts import fit_ramps
from model.codes import (
    ABSENT_CODE,
    ABSENT_RELATION,
    CATEGORY_AT,
    N_GAPS,
    N_LOOKUPS,
    N_RELATIONS,
    NULL_CODE,
    NULL_RELATION,
    gap,
)
from model.tokens import N_DENSE, event_tokens, past_tokens
from tests.model.shop import history
from topics.columns import EVENT, PAST
from topics.sketch import sketches, unpack


def test_the_sketch_columns_are_the_sketch_but_for_scale() -> None:
    rows = np.zeros(2, EVENT)
    rows["sketch"] = sketches(["slow delivery, bad service", None])
    dense = event_tokens(rows).dense
    ratio = dense[0, :32].max() / unpack(rows["sketch"][0]).max()
    np.testing.assert_allclose(dense[:, :32], unpack(rows["sketch"]) * ratio, atol=1e-6)
    assert dense[:, 32].tolist() == [1, 0]


def test_every_index_lies_within_its_table() -> None:
    x = history(500).x
    past, now = past_tokens(x.past, x.rows, 8), event_tokens(x.rows)
    for lookup in (past.lookup, now.lookup):
        assert lookup.min() >= 0
        assert lookup.max() < N_LOOKUPS
    assert past.relation.max() < N_RELATIONS
    assert np.isfinite(past.dense).all()
    assert past.dense.shape == (500, 9, N_DENSE)


def test_no_event_is_absent_and_the_first_place_rests() -> None:
    past = np.zeros((1, 2), PAST)
    past["step"], past["sketch"] = 255, 77
    tokens = past_tokens(past, np.zeros(1, EVENT), 2)
    assert tokens.relation.tolist() == [[NULL_RELATION, ABSENT_RELATION, ABSENT_RELATION]]
    assert tokens.lookup[0, :, 0].tolist() == [NULL_CODE, ABSENT_CODE, ABSENT_CODE]
    assert not tokens.dense.any()


def test_a_shared_category_and_seller_show_in_the_relation() -> None:
    past, rows = np.zeros((1, 4), PAST), np.zeros(1, EVENT)
    rows["category"], rows["seller"] = 0xABCD0005, 2**40 + 9
    past["category"], past["seller"] = [[5, 0, 5, 0]], [[9, 9, 0, 0]]
    assert (past_tokens(past, rows, 4).relation[0, 1:] % 4).tolist() == [3, 2, 1, 0]
    assert event_tokens(rows).lookup[0, 1] == past_tokens(past, rows, 1).lookup[0, 1, 1]
    assert past_tokens(past, rows, 2).lookup[0, 2, 1] == CATEGORY_AT


@given(st.integers(0, 2**24 - 2))
def test_a_gap_counts_half_octaves(seconds: int) -> None:
    assert gap(seconds) == min(((1 + seconds) ** 2).bit_length() - 1, N_GAPS - 1)


@given(st.integers(-(10**6), 2**31), st.integers(0, 2**31))
def test_a_longer_gap_never_gets_an_earlier_place(first: int, longer: int) -> None:
    rows, past = np.zeros(2, EVENT), np.zeros((2, 1), PAST)
    rows["time_ms"] = [1000 * (2 * 10**6 + first), 1000 * (2 * 10**6 + first + longer)]
    past["time_s"] = 2 * 10**6
    near, far = past_tokens(past, rows, 1).relation[:, 1].tolist()
    assert 0 <= near <= far < 4 * N_GAPS


def test_amounts_keep_their_distances_in_every_currency() -> None:
    for scale in (1e-3, 1.0, 1e5, 1e9):
        seen = scale * np.random.default_rng(0).lognormal(0, 1, 5_000)
        ramps = fit_ramps(seen)
        assert (np.diff(ramps[1:]) > 0).all()
        rows = np.zeros(7, EVENT)
        rows["amount"] = scale * np.array([0, 0.1, 0.2, 1, 2, 20, 200])
        places = event_tokens(rows, ramps).dense[:, 34:42].sum(1)
        assert (np.diff(places)[:4] > 0.5).all(), (scale, places)
        assert (np.diff(places) > 0.03).all(), (scale, places)


def test_amounts_that_no_training_saw_still_differ() -> None:
    ramps = fit_ramps(np.array([np.nan, 0.0, *[50.0] * 9]))
    rows = np.zeros(5, EVENT)
    rows["amount"] = [50, 8_200, 75_000, 1e9, 1e15]
    places = event_tokens(rows, ramps).dense[:, 34:42].sum(1)
    assert (np.diff(places) > 0.05).all()
    assert places[-1] == 8


def test_an_unknown_amount_is_not_an_amount_of_zero() -> None:
    rows = np.zeros(3, EVENT)
    rows["amount"] = [np.nan, 0, 100]
    dense = event_tokens(rows).dense
    assert dense[:, 33].tolist() == [0, 1, 1]
    assert dense[2, 34:42].sum() > dense[1, 34:42].sum() == 0
