"""Policies: checked when read, and applied to whole batches."""

from typing import Any

import numpy as np
import orjson
import pytest

from stream.loading import load_policy
from stream.pipeline.features import N_FEATURES, POSITION
from stream.pipeline.pipeline import combined_risk
from stream.pipeline.policy import parse_policy
from topics.errors import InputError
from topics.vocabulary import ACTIONS

RULE = {
    "name": "r", "about": "a", "type": "order", "risk": 0.75, "abuse_type": "fraud",
    "when": [["orders_1h", ">=", 3], ["anomaly", ">=", 0.5]],
}  # fmt: skip
CREDIT = {"step": 10, "weight": 0.1, "prior_p_bad": 0.02, "prior_strength": 20}


def document(**changes: Any) -> dict[str, Any]:
    whole = {
        "version": "v",
        "thresholds": {"order": {"step_up": 0.3, "hold": 0.7}},
        "rules": [RULE],
        "credit": CREDIT,
    }
    return whole | changes


def test_the_strictest_action_whose_threshold_is_reached_is_taken() -> None:
    policy = parse_policy(document(), "p")
    types = np.array([0, 0, 0, 1], np.uint8)
    assert policy.actions(types, np.array([0.29, 0.3, 0.7, 0.99])).tolist() == [0, 1, 3, 0]


def test_a_rule_holds_where_all_its_conditions_hold_and_all_values_are_known() -> None:
    policy = parse_policy(document(), "p")
    features = np.zeros((4, N_FEATURES), np.float32)
    features[:, POSITION["orders_1h"]] = [3, 3, np.nan, 3]
    anomaly = np.array([0.5, 0.4, 0.9, 0.9])
    types = np.array([0, 0, 0, 2], np.uint8)
    assert policy.fired(types, features, {"anomaly": anomaly})[:, 0].tolist() == [
        True, False, False, False,
    ]  # fmt: skip


def test_a_rule_of_the_cold_start_gives_way_to_a_model() -> None:
    policy = parse_policy(document(rules=[RULE | {"cold_start": True}]), "p")
    features = np.zeros((2, N_FEATURES), np.float32)
    features[:, POSITION["orders_1h"]] = 3
    scores = {"anomaly": np.ones(2), "p_fraud": np.array([np.nan, 0.001])}
    assert policy.fired(np.zeros(2, np.uint8), features, scores)[:, 0].tolist() == [True, False]


def test_what_is_stranger_ranks_higher_without_a_model_but_is_not_acted_on() -> None:
    policy = load_policy(None)
    nothing = np.zeros((3, len(policy.rules)), np.bool_)
    anomaly, known = np.array([0.2, 1.0, 1.0]), np.array([np.nan, np.nan, 0.001])
    risk = combined_risk(known, anomaly, nothing, policy)
    assert 0 < risk[0] < risk[1]
    assert risk[2] == 0.001
    for kind in range(3):
        assert not policy.actions(np.full(3, kind, np.uint8), risk).any()


@pytest.mark.parametrize(
    ("age_days", "others", "action"), [(1e-5, 1, "step_up"), (1e-5, 0, "allow"), (0.5, 1, "allow")]
)
def test_a_fresh_account_on_a_used_device_must_prove_itself_without_a_model(
    age_days: float, others: int, action: str
) -> None:
    policy = load_policy(None)
    features = np.full((1, N_FEATURES), np.nan, np.float32)
    features[0, POSITION["account_age_days"]] = age_days
    features[0, POSITION["device_other_users_1d"]] = others
    unknown, order = np.array([np.nan]), np.zeros(1, np.uint8)
    fired = policy.fired(order, features, {"p_fraud": unknown, "anomaly": unknown})
    risk = combined_risk(unknown, unknown, fired, policy)
    assert ACTIONS[policy.actions(order, risk)[0]] == action
    assert (risk[0] > 0) == (age_days < 0.1)


def test_the_policy_that_comes_with_the_program_can_be_read() -> None:
    assert load_policy(None).version == "default-5"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": ""}, "version"),
        ({"thresholds": {"parcel": {}}}, "thresholds has 'parcel'"),
        ({"thresholds": {"order": {"allow": 0.1}}}, "thresholds.order has 'allow'"),
        ({"thresholds": {"order": {"hold": 1.5}}}, "thresholds.order.hold is 1.5"),
        ({"thresholds": None}, "thresholds must be an object"),
        ({"rules": {}}, "rules must be a list"),
        ({"rules": [RULE | {"cold_start": 1}]}, "cold_start must be true or false"),
        ({"cold_start": {"anomaly_risk": 2}}, "cold_start.anomaly_risk is 2.0"),
        ({"cold_start": {"age": 2}}, "cold_start has the unknown field 'age'"),
        ({"rules": [RULE | {"name": 3}]}, "rules[0].name must be a text"),
        ({"rules": [RULE | {"when": []}]}, "rules[0].when must list"),
        ({"rules": [RULE | {"when": [["no_such", ">=", 1]]}]}, "names 'no_such'"),
        ({"rules": [RULE | {"when": [[["amount"], ">=", 1]]}]}, "names ['amount']"),
        ({"rules": [RULE | {"when": [["orders_1h", "==", 1]]}]}, "operator '=='"),
        ({"rules": [RULE | {"when": [["orders_1h", ">=", "1"]]}]}, "must be a number"),
        ({"rules": [RULE | {"when": ["orders_1h"]}]}, "must be ["),
        ({"rules": [RULE | {"risk": True}]}, "rules[0].risk must be a number"),
        ({"rules": None}, "rules must be a list"),
        ({"rule": []}, "the policy has the unknown field 'rule'"),
        ({"threshold": {}}, "the policy has the unknown field 'threshold'"),
        ({"rules": [RULE | {"types": "order"}]}, "rules[0] has the unknown field 'types'"),
        ({"rules": [RULE | {"abuse": "fraud"}]}, "rules[0] has the unknown field 'abuse'"),
        ({"thresholds": {"orders": {}}}, "thresholds has 'orders'"),
        ({"thresholds": {"order": {"stepup": 0.1}}}, "thresholds.order has 'stepup'"),
        ({"credit": CREDIT | {"steps": 5}}, "credit has the unknown field 'steps'"),
        ({"credit": CREDIT | {"weight": 0}}, "credit.weight is 0.0"),
        ({"credit": CREDIT | {"prior_strength": 0}}, "credit.prior_strength is 0.0"),
        ({"credit": CREDIT | {"prior_strength": -20}}, "credit.prior_strength is -20.0"),
        ({"credit": {"step": 0}}, "credit.step"),
        ({"credit": CREDIT | {"prior_p_bad": -1}}, "credit.prior_p_bad is -1.0"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as error:
        parse_policy(document(**changes), "my.json")
    assert str(error.value).startswith("my.json: ")
    assert told in str(error.value)


@pytest.mark.parametrize("field", ["version", "thresholds", "rules", "credit"])
def test_a_policy_without_one_of_its_parts_is_refused(field: str) -> None:
    whole = document()
    del whole[field]
    with pytest.raises(InputError, match=f"my.json: {field} must be"):
        parse_policy(whole, "my.json")


def test_a_policy_may_say_what_it_is_about_and_have_no_rules() -> None:
    assert parse_policy(document(about="nothing", rules=[]), "p").rules == ()


def test_a_policy_file_that_is_missing_or_broken_is_named(tmp_path: Any) -> None:
    with pytest.raises(InputError, match="cannot read policy"):
        load_policy(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        load_policy(broken)
    broken.write_bytes(orjson.dumps(document()))
    assert load_policy(broken).credit_step == 10
