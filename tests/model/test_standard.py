import numpy as np
import pytest

from model.standard import MOST_VALUES, Standard


@pytest.mark.parametrize("logarithms", [True, False])
def test_neither_tails_nor_gaps_nor_units_get_through(logarithms: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.lognormal(0, 3, (5000, 4)).astype(np.float32)
    x[0] = 3e37
    x[rng.random(len(x)) < 0.2, 1] = np.nan
    x[:, 2] = 7
    x[:, 3] = np.nan
    found = Standard.fit(x, logarithms=logarithms).apply(x)
    assert found.shape == (5000, 3)  # two columns, and whether the second is unknown
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 10
    assert np.abs(found[:, :2].mean(0)).max() < 0.1
    np.testing.assert_array_equal(found[:, 2] == 1, np.isnan(x[:, 1]))
    larger = Standard.fit(1000 * x[1:], logarithms=logarithms).apply(1000 * x[1:])
    same = Standard.fit(x[1:], logarithms=logarithms).apply(x[1:])
    np.testing.assert_allclose(larger, same, atol=1e-3)


def test_gaps_that_are_the_same_count_once_and_places_become_columns() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 3)).astype(np.float32)
    x[:300, :2] = np.nan
    x[:, 2] = np.arange(1000) % 50
    standard = Standard.fit(x, logarithms=True, places=np.array([False, False, True]))
    assert len(standard.gaps) == 1
    assert len(standard.values) == MOST_VALUES
    found = standard.apply(x)
    assert found.shape == (1000, 3 + MOST_VALUES)
    assert found[:, 3:].sum() == 1000 * MOST_VALUES / 50


def test_what_hardly_ever_happens_still_has_a_column() -> None:
    x = np.zeros((10_000, 1), np.float32)
    x[:3] = 1
    found = Standard.fit(x, logarithms=True).apply(x)
    assert found[0, 0] > found[3, 0]
