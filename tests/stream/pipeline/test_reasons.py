"""Reasons are sentences with numbers that a person can check."""

import numpy as np

from stream.loading import load_policy
from stream.pipeline.features import N_FEATURES, POSITION
from stream.pipeline.reasons import MAX_REASONS, explain_row, number_text

POLICY = load_policy(None)
RULES = [rule.name for rule in POLICY.rules]


def row(**values: float) -> np.ndarray:
    out = np.zeros(N_FEATURES, np.float32)
    for name, value in values.items():
        out[POSITION[name]] = value
    return out


def test_rules_come_first_and_then_what_raises_the_score_most() -> None:
    fired = np.array([name == "crowded_device" for name in RULES])
    features = row(device_other_users_1d=11, amount=250.0, orders_1h=4)
    contributions = row(amount=0.5, orders_1h=2.0, is_night=-1.0, device_other_users_1d=3.0)
    reasons = explain_row(features, contributions, row(device_other_users_1d=1), fired, POLICY)
    assert [r.code for r in reasons] == ["crowded_device", "orders_1h", "amount"]
    assert reasons[0].text == (
        "11 other accounts used this device within 1d; usual for this shop: 1"
    )
    assert reasons[0].contribution == 0.0
    assert (reasons[1].value, reasons[1].contribution) == (4.0, 2.0)


def test_there_is_always_a_reason_and_never_more_than_four() -> None:
    nothing = np.zeros(len(RULES), np.bool_)
    none = explain_row(row(amount=1), row(), row(), nothing, POLICY)
    many = explain_row(row(), np.ones(N_FEATURES, np.float32), row(), nothing, POLICY)
    assert len(none) == 1
    assert len(many) == MAX_REASONS


def test_unknown_values_are_no_reason() -> None:
    nothing = np.zeros(len(RULES), np.bool_)
    features = row(orders_1h=2.0)
    features[POSITION["amount"]] = np.nan
    reasons = explain_row(features, row(amount=5.0, orders_1h=1.0), row(), nothing, POLICY)
    assert [r.feature for r in reasons] == ["orders_1h"]


def test_numbers_carry_their_unit() -> None:
    assert number_text(float("nan"), "count") == "unknown"
    assert number_text(1234.5, "money") == "1,234.50"
    assert number_text(0.5, "share") == "50 %"
