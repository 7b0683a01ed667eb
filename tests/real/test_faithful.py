"""What `make faithful` compares: the features that reasons name, and those that deviate most."""

import numpy as np

from stream.pipeline.features import N_FEATURES, NAMES, POSITION
from tests.real.neutralising import Alerted, Share, deviating, named_features
from topics.columns import EVENT, PAST
from topics.reasons import Reason
from topics.scores import ScoreInput


def alerts(features: np.ndarray, reasons: list[list[Reason]]) -> Alerted:
    n = len(features)
    x = ScoreInput(
        np.zeros(n, EVENT), features, np.zeros((n, 0), PAST), np.zeros(n, np.uint8), [None] * n
    )
    spread = np.ones((3, N_FEATURES))
    spread[:, POSITION["amount"]] = 1_000.0
    spread[:, POSITION["orders_1h"]] = 0.0
    return Alerted(x, reasons, np.ones(n, np.uint8), np.zeros((3, N_FEATURES)), spread)


def test_four_features_deviate_most_in_standard_deviations_of_what_is_known_and_varies():
    features = np.zeros((1, N_FEATURES), np.float32)
    values = {"amount": 2_500.0, "orders_1d": -4.0, "orders_7d": 3.0, "amount_1d": 9.0,
              "orders_1h": 7.0, "rating": np.nan, "n_orders": 1.5}  # fmt: skip
    for name, value in values.items():
        features[0, POSITION[name]] = value
    found = np.flatnonzero(deviating(alerts(features, [[]]))[0])
    assert {NAMES[at] for at in found} == {"amount_1d", "orders_1d", "orders_7d", "amount"}


def test_reasons_name_features_and_a_rule_names_the_one_it_looks_at():
    reasons = [Reason("crowded_device", "device_other_users_1d", 9.0, 0.0, 0.0, "..."),
               Reason("amount", "amount", 9.0, 1.0, 2.0, "...")]  # fmt: skip
    found = named_features([reasons, []])
    assert {NAMES[at] for at in np.flatnonzero(found[0])} == {"device_other_users_1d", "amount"}
    assert not found[1].any()


def test_a_share_is_of_all_alerts_draws_included():
    assert "80.0%" in str(Share("all", 10, 8, 2))
    assert "none" in str(Share("all", 0, 0, 0))
