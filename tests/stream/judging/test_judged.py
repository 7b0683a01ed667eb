"""Judged events: their rows, and the small numbers of their users."""

from dataclasses import replace

import numpy as np
import pytest

from stream.judging.judged import cases_of, user_codes
from tests.stream.judging.cases import judged


def test_taking_rows_takes_them_from_every_column_and_segment() -> None:
    events = judged(100)
    at = np.array([7, 3])
    taken = events.take(at)
    assert len(taken) == 2
    assert taken.user.tolist() == events.user[at].tolist()
    assert taken.segments["country"].codes.tolist() == (
        events.segments["country"].codes[at].tolist()
    )
    assert taken.kinds == events.kinds


def test_a_mask_that_keeps_everything_copies_nothing() -> None:
    events = judged(10)
    assert events.take(np.ones(10, np.bool_)) is events


def test_columns_of_different_lengths_are_refused() -> None:
    events = judged(10)
    with pytest.raises(ValueError, match="differ in length"):
        replace(events, p=events.p[:3])


def test_a_score_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="score is NaN"):
        judged(2, score=np.array([0.5, np.nan]))


def test_users_of_a_part_are_numbered_without_gaps() -> None:
    cases = cases_of(judged(500))
    part = cases.take(np.flatnonzero(cases.fraud))
    assert sorted(set(part.user.tolist())) == list(range(part.n_users))


def test_no_users_are_no_codes() -> None:
    codes, n = user_codes(np.empty(0, np.uint64))
    assert (len(codes), n) == (0, 0)
