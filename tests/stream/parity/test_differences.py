"""The rules by which columns differ."""

from math import inf, nan

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stream.parity import differences
from stream.parity.differences import Difference, found

SINGLES = st.lists(
    st.tuples(*[st.one_of(st.floats(width=32), st.sampled_from([nan, 0.0, -0.0, 1.0, inf]))] * 2),
    min_size=1,
    max_size=20,
)


@given(SINGLES)
def test_features_differ_exactly_where_their_bits_do(pairs):
    ours, theirs = np.array(pairs, np.float32).T.copy()
    got = differences.features(ours, theirs)
    for a, b, differs, unknown, error in zip(
        ours, theirs, got.differs, got.unknown, got.error, strict=True
    ):
        both_unknown = np.isnan(a) and np.isnan(b)
        assert differs == (not both_unknown and a.tobytes() != b.tobytes())
        assert unknown == (np.isnan(a) != np.isnan(b))
        assert 0.0 <= error <= 2.0


@given(SINGLES, st.integers(0, 20))
def test_a_column_in_two_parts_is_the_column(pairs, cut):
    ours, theirs = np.array(pairs, np.float32).T.copy()
    ids = pa.array([f"e{i}" for i in range(len(pairs))])

    def part(rows):
        a, b = ours[rows], theirs[rows]
        columns = (ids[rows], pa.array(a), pa.array(b))
        return found("x", "own", differences.features(a, b), *columns)

    whole, parts = part(slice(None)), part(slice(0, cut)).joined(part(slice(cut, None)))
    assert parts == whole


def test_a_tolerance_is_absolute_for_probabilities_and_relative_for_money():
    ours = np.array([0.5, 0.5, 1e-9, nan, nan])
    theirs = np.array([0.5 + 9e-6, 0.5 + 2e-5, 9e-6, 0.1, nan])
    assert differences.probabilities(ours, theirs, 1e-5).differs.tolist() == [0, 1, 0, 1, 0]
    ours = np.array([1e6, 1e6, 0.0, nan, nan])
    theirs = np.array([1e6 + 9, 1e6 + 11, 9e-6, 5.0, nan])
    got = differences.money(ours, theirs, 1e-5)
    assert got.differs.tolist() == [0, 1, 0, 1, 0]
    assert got.unknown.tolist() == [0, 0, 0, 1, 0]


def test_one_point_of_credit_is_near():
    got = differences.points(np.array([600, 600, 600, nan]), np.array([600, 601, 598, 600]))
    assert got.differs.tolist() == [0, 0, 1, 1]
    assert got.near.tolist() == [0, 1, 0, 0]


def test_an_action_is_near_only_where_a_threshold_lies_between_close_risks():
    differs = np.array([True, True, True, True, False])
    ours = np.array([0.5, 0.5, 0.5, nan, 0.5])
    theirs = np.array([0.5 + 5e-6, 0.5, 0.5 + 5e-5, 0.5, 0.5 + 5e-6])
    got = differences.actions(differs, ours, theirs, 1e-5)
    assert got.near.tolist() == [1, 0, 0, 0, 0]
    assert got.differs.tolist() == [0, 1, 1, 1, 0]


def test_an_example_is_of_what_counts_with_the_largest_error():
    ids, ours, theirs = pa.array(["a", "b", "c"]), pa.array([600, 600, 600]), [601, 604, 607]
    got = found(
        "credit_score",
        "score",
        differences.points(ours.to_numpy().astype(float), np.array(theirs, float)),
        ids,
        ours,
        pa.array(theirs),
    )
    assert (got.n, got.n_near, got.largest_error) == (2, 1, 7.0)
    assert got.example is not None
    assert (got.example.event_id, got.example.logged, got.example.replayed) == ("c", 600, 607)
    near = Difference("credit_score", "score", 0, 0, 1, 1.0, got.example)
    assert near.joined(got).example == got.example
