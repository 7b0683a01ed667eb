"""Features that moved: an index by hand, and samples that do not depend on order or slices."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.pipeline.features import N_FEATURES, NAMES
from stream.replay.moved import N_SHOWN, Moved, stability_index


def events(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, N_FEATURES)).astype(np.float32)
    is_test = np.arange(n) >= n // 2
    features[is_test, 5] += 3
    features[~is_test, 9] = np.nan
    return features, is_test, rng.integers(1, 1 << 63, n).astype(np.uint64)


def found_of(parts: list[np.ndarray], of: tuple[np.ndarray, ...], k: int) -> dict | None:
    moved = Moved(k)
    for at in parts:
        moved.add(*(column[at] for column in of))
    return moved.found()


def test_the_index_is_the_formulas() -> None:
    before = np.arange(100, dtype=np.float32)
    after = np.concatenate([np.arange(50, dtype=np.float32), np.full(50, np.nan, np.float32)])
    b = np.array([10.5] * 10 + [0.5]) / 105.5
    a = np.array([10.5] * 5 + [0.5] * 5 + [50.5]) / 105.5
    assert stability_index(before, after) == pytest.approx(((a - b) * np.log(a / b)).sum())
    assert stability_index(before, before) == 0


def test_a_feature_that_is_constant_or_unknown_on_both_sides_has_not_moved() -> None:
    zeros, unknown = np.zeros(50, np.float32), np.full(50, np.nan, np.float32)
    assert stability_index(zeros, zeros) == stability_index(unknown, unknown) == 0
    assert stability_index(zeros, zeros + 1) > 1
    assert stability_index(unknown, zeros) > 1
    assert stability_index(zeros, unknown) > 1


def test_what_moved_most_comes_first_with_its_medians_and_unknown_shares() -> None:
    of = events(4_000)
    found = found_of([np.arange(4_000)], of, 20_000)
    assert found is not None
    first, second = found["features"][:2]
    assert {first["feature"], second["feature"]} == {NAMES[5], NAMES[9]}
    by_name = {row["feature"]: row for row in found["features"]}
    assert len(by_name) == N_SHOWN
    shifted, appeared = by_name[NAMES[5]], by_name[NAMES[9]]
    assert shifted["median_after"] == pytest.approx(np.median(of[0][2_000:, 5]))
    assert shifted["median_before"] == pytest.approx(np.median(of[0][:2_000, 5]))
    assert (appeared["median_before"], appeared["unknown_share_before"]) == (None, 1)
    assert appeared["unknown_share_after"] == 0
    assert shifted["about"]
    counts = (found["n_before"], found["n_after"], found["n_sampled_before"])
    assert counts == (2_000, 2_000, 2_000)
    json.dumps(found, allow_nan=False)


@given(st.lists(st.integers(1, 999), max_size=12), st.integers(0, 5), st.sampled_from([50, 5_000]))
def test_neither_slices_nor_order_change_what_is_found(cuts: list[int], seed: int, k: int) -> None:
    of = events(1_000)
    order = np.random.default_rng(seed).permutation(1_000)
    whole = found_of([np.arange(1_000)], of, k)
    assert whole is not None
    assert found_of(np.split(order, sorted(cuts)), of, k) == whole
    assert whole["n_sampled_before"] == min(k, 500)


def test_the_sample_is_bounded_and_holds_every_feature_of_its_events() -> None:
    features, is_test, tokens = events(5_000)
    features[:, 0] = (tokens % 1_000).astype(np.float32)
    features[:, 1] = features[:, 0] + 1
    moved = Moved(100)
    for at in np.split(np.arange(5_000), 50):
        moved.add(features[at], is_test[at], tokens[at])
        for sample in (moved._before, moved._after):
            assert sample.rows is None or len(sample.rows) == len(sample.hashes) <= 100
    rows = moved._after.rows
    assert rows is not None
    assert (rows[:, 1] == rows[:, 0] + 1).all()


@pytest.mark.parametrize("is_test", [False, True])
def test_without_a_warm_up_or_a_test_there_is_nothing_to_compare(is_test: bool) -> None:
    features, _, tokens = events(100)
    moved = Moved()
    moved.add(features, np.full(100, is_test), tokens)
    assert moved.found() is None
    assert Moved().found() is None
