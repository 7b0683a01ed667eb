"""Every feature agrees with its definition, computed slowly from full lists of events."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.pipeline.features import NAMES
from tests.stream.pipeline.reference import DAY, HOUR
from tests.stream.pipeline.runs import differences, feature_differences, run_fast, run_slow
from tests.stream.pipeline.streams import INTERPRETED, examples, seeded, streams

# What each kind of stream is made of, by the arguments of `seeded`.
SHOPS = {
    "few users": {"n_users": 3},
    "many users": {"n_users": 60, "n_things": 40},
    "a hot user": {"n_users": 8, "hot_share": 0.7, "mean_gap_ms": HOUR},
    "a crowd within seconds": {"n_users": 30, "mean_gap_ms": 300, "late_share": 0.3,
                               "max_late_ms": 20_000, "n_things": 4},
    "equal times": {"n_users": 4, "mean_gap_ms": 1},
    "years": {"n_users": 5, "mean_gap_ms": 4 * DAY, "max_late_ms": 400 * DAY},
    "mostly late": {"n_users": 4, "late_share": 0.6, "max_late_ms": 3 * HOUR},
    "nothing late": {"n_users": 6, "late_share": 0.0, "duplicate_share": 0.0},
    "many duplicates": {"n_users": 3, "duplicate_share": 0.4},
    "many labels": {"n_users": 3, "label_share": 0.5, "n_things": 5},
    "busy seconds": {"n_users": 3, "mean_gap_ms": 2_000, "late_share": 0.5, "max_late_ms": 60_000},
}  # fmt: skip
N_ITEMS = 100 if INTERPRETED else 300
ZONES = (0, 8 * HOUR, -5 * HOUR - HOUR // 2)


@pytest.mark.parametrize("shop", SHOPS)
def test_features_of_a_random_shop_are_as_defined(shop):
    for seed in range(1 if INTERPRETED else 2):
        items = seeded(seed, N_ITEMS, **SHOPS[shop])
        cuts = [N_ITEMS // 3, N_ITEMS // 3 + 1, N_ITEMS // 2]
        assert not differences(items, cuts, ZONES[seed + len(shop) % 2])


@given(streams(), st.sampled_from(ZONES))
@settings(max_examples=examples(100))
def test_features_of_any_short_stream_are_as_defined(items, zone_ms):
    assert not differences(items, [], zone_ms)


@given(streams(gaps=(0, 0, 1, 500, 1_999, 2_000, 2_001, 5_000, 9_000, -1, -500, -2_000, -9_000)))
@settings(max_examples=examples(40))
def test_features_within_seconds_are_as_defined(items):
    assert not differences(items)


def test_random_shops_contain_what_they_are_to_test():
    found = dict.fromkeys(("events", "late", "duplicate", "prompt", "not prompt", "labels"), 0)
    known = set()
    for arguments in SHOPS.values():
        slow = run_slow(seeded(0, 250, **arguments))
        found["events"] += len(slow.late)
        found["late"] += sum(slow.late)
        found["duplicate"] += sum(slow.duplicate)
        found["prompt"] += sum(slow.prompt)
        found["not prompt"] += len(slow.prompt) - sum(slow.prompt)
        found["labels"] += len(slow.label_change)
        for values in slow.features:
            known |= {name for name, value in values.items() if value not in {0, 1} and value > 0}
    assert all(n > found["events"] // 50 for n in found.values()), found
    simple = {f"new_{k}" for k in ("device", "address", "instrument", "ip", "seller", "category")}
    simple |= {"is_night", "is_weekend", "billing_differs", "verified"}
    assert known == set(NAMES) - simple


def test_a_wrong_feature_is_named():
    items = seeded(1, 60, n_users=2)
    fast, slow = run_fast(items), run_slow(items)
    assert not feature_differences(fast, slow)
    for row, name in ((50, "orders_30d"), (50, "amount"), (0, "days_since_user_fraud")):
        slow.features[row] = slow.features[row] | {name: 12_345.0}
        told = feature_differences(fast, slow)
        assert any(f"event {row}: {name} is" in line for line in told), told
