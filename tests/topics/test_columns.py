"""Rows as pieces of memory, and the order of keys: the same as NumPy's own, in less time."""

import numpy as np
import pytest

from stream.pipeline.links import LINK
from topics.columns import joined, order_of, taken


@pytest.mark.parametrize("n", [0, 1, 2, 3, 1_000, 70_000])
@pytest.mark.parametrize("n_values", [1, 7, 1 << 63])
def test_the_order_of_keys_is_that_of_a_stable_sort(n, n_values):
    chance = np.random.default_rng(n)
    spread = chance.integers(0, n_values, n, np.uint64)
    for keys in (spread, spread * np.uint64(0x9E3779B97F4A7C15), spread << np.uint64(40)):
        assert order_of(keys).tolist() == np.argsort(keys, kind="stable").tolist()


def test_rows_are_taken_and_joined_field_by_field():
    rows = np.zeros(100, LINK)
    for number, name in enumerate(LINK.names or ()):
        rows[name].T[...] = (np.arange(100) + number) % 100
    at = np.array([5, 5, 99, 0])
    assert taken(rows, at).tobytes() == rows[at].tobytes()
    assert joined([rows[:3], rows[:0], rows[50:]]).tobytes() == np.r_[rows[:3], rows[50:]].tobytes()
    assert joined([rows[::2]]).tobytes() == rows[::2].tobytes()
