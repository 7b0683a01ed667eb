import base64
from dataclasses import fields, replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from topics.deadletter import Bad
from topics.errors import InputError
from topics.outputs import (
    Alerts,
    Credits,
    Decisions,
    Link,
    Reason,
    Versions,
    encode_alerts,
    encode_credits,
    encode_dead_letter,
    encode_decisions,
    named_features,
    read_alert,
    read_credit,
    read_dead_letter,
    read_decision,
)

VERSIONS = Versions("riskstream", "2025-06-15-a", "f3", "p1")
REASON = Reason(
    "users_of_device_1d", "device_users_1d", 11.0, 1.0, 2.5, "11 accounts used this device in 24 h."
)
CREDIT_FIELDS = """
    user_id credit_score band previous_score p_bad purchasing_power updated_at_ms event_id reasons
    model policy_version
"""
LATENCY = {"read": 1.5, "score": 2.0}

DECISION_FIELDS = """
    schema_version decision_id event_id user_id type event_time_ms decided_at_ms revision p_fraud
    anomaly risk action reasons credit_score purchasing_power features model feature_version
    policy_version degraded warm late latency_ms
"""


def decisions_of(n: int, **changes: Any) -> Decisions:
    made = Decisions(
        event_ids=[f"e-{i}" for i in range(n)],
        user_ids=[f"u-{i % 2}" for i in range(n)],
        type=np.arange(n, dtype=np.uint8) % 3,
        event_time_ms=np.arange(n, dtype=np.int64) + 1_750_000_000_000,
        p_fraud=np.linspace(0, 1, n),
        anomaly=np.linspace(1, 0, n),
        risk=np.full(n, 0.25),
        action=np.arange(n, dtype=np.uint8) % 5,
        reasons=[(REASON,) if i % 2 else () for i in range(n)],
        credit_score=np.arange(n, dtype=np.int64) + 600,
        purchasing_power=np.full(n, 99.5),
        features=np.arange(4 * n, dtype=np.float32).reshape(n, 4) / 3,
        degraded=np.arange(n) % 2 == 0,
        warm=np.arange(n) % 3 == 0,
        late=np.arange(n) % 5 == 0,
        revision=np.arange(n, dtype=np.int64) % 2,
        versions=VERSIONS,
    )
    return replace(made, **changes)


def encode(decisions: Decisions) -> list[bytes]:
    return encode_decisions(decisions, decided_at_ms=7, latency_ms=LATENCY)


def assert_same(left: Decisions, right: Decisions) -> None:
    for field in fields(Decisions):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            np.testing.assert_array_equal(a, b, field.name)
        elif field.name == "reasons":
            assert [tuple(row) for row in a] == [tuple(row) for row in b]
        else:
            assert a == b, field.name


def test_a_decision_has_exactly_the_fields_of_the_contract() -> None:
    record = orjson.loads(encode(decisions_of(2))[1])
    assert sorted(record) == sorted(DECISION_FIELDS.split())
    assert record["decision_id"] == "e-1.1"
    assert record["type"] == "browse"
    assert record["action"] == "step_up"
    assert record["model"] == {"name": "riskstream", "version": "2025-06-15-a"}
    assert record["latency_ms"] == LATENCY
    assert record["decided_at_ms"] == 7
    assert record["schema_version"] == 1
    assert record["reasons"] == [
        {
            "code": "users_of_device_1d",
            "feature": "device_users_1d",
            "value": 11.0,
            "usual_value": 1.0,
            "contribution": 2.5,
            "text": "11 accounts used this device in 24 h.",
        }
    ]


def test_an_alert_has_the_fields_of_a_decision_without_features_and_its_own() -> None:
    links = [Link("device", "00ff00ff00ff00ff", 11)]
    told = {"amount": 12.5}
    alerts = Alerts(
        decisions_of(1), ["account_takeover"], ["high"], [["new_device"]], [links], [told]
    )
    value = encode_alerts(alerts, decided_at_ms=7, latency_ms=LATENCY)[0]
    record = orjson.loads(value)
    own = {"alert_id", "abuse_type", "severity", "rules", "links", "amount"}
    assert set(record) == (set(DECISION_FIELDS.split()) - {"features"}) | own
    assert record["alert_id"] == "alert.e-0.0"
    assert record["links"] == [{"entity": "device", "token": "00ff00ff00ff00ff", "n_users": 11}]
    read = read_alert(value)
    assert read.links == links
    assert (read.abuse_type, read.severity, read.rules) == (
        "account_takeover",
        "high",
        ["new_device"],
    )
    assert read.versions == VERSIONS


def test_an_alert_shows_at_most_four_reasons() -> None:
    many = decisions_of(1, reasons=[[REASON] * 6])
    alerts = Alerts(many, ["x"], ["low"], [[]], [[]], [{}])
    (value,) = encode_alerts(alerts, decided_at_ms=7, latency_ms={})
    assert len(orjson.loads(value)["reasons"]) == 4


def test_a_credit_record_has_exactly_the_fields_of_the_contract() -> None:
    credits_ = Credits(
        user_ids=["u-1", "u-2"],
        event_ids=["e-1", "e-2"],
        credit_score=np.array([640, 300]),
        band=np.array([1, 4], np.uint8),
        previous_score=np.array([0, 655]),
        p_bad=np.array([0.01, np.nan]),
        purchasing_power=np.array([120.5, np.nan]),
        reasons=[(REASON,), ()],
        versions=VERSIONS,
    )
    values = encode_credits(credits_, updated_at_ms=8)
    record = orjson.loads(values[0])
    assert set(record) == set(CREDIT_FIELDS.split())
    first, second = map(read_credit, values)
    assert (first.credit_score, first.band, first.previous_score) == (640, "B", None)
    assert (second.credit_score, second.band, second.previous_score) == (300, "E", 655)
    assert (second.p_bad, second.purchasing_power) == (None, None)
    assert first.reasons[0].value_of() == REASON
    assert (first.updated_at_ms, first.event_id) == (8, "e-1")


def test_a_dead_letter_carries_key_and_value_as_received() -> None:
    value = encode_dead_letter(
        Bad(3, "not_json", "The value is cut off."),
        topic="shop.orders",
        partition=2,
        offset=99,
        key=None,
        value=b"\xff{",
        failed_at_ms=5,
    )
    record = orjson.loads(value)
    assert record == {
        "reason": "not_json",
        "detail": "The value is cut off.",
        "topic": "shop.orders",
        "partition": 2,
        "offset": 99,
        "key": None,
        "value": base64.b64encode(b"\xff{").decode(),
        "failed_at_ms": 5,
    }
    assert read_dead_letter(value).value == b"\xff{"


@given(
    arrays.arrays(np.float32, (3, 5), elements=st.floats(width=32, allow_infinity=False)),
    st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=3),
    arrays.arrays(np.float64, 3, elements=st.floats(0, 1) | st.just(np.nan)),
)
def test_decisions_come_back_bit_for_bit(
    features: np.ndarray[Any, np.dtype[np.float32]],
    ids: list[str],
    scores: np.ndarray[Any, np.dtype[np.float64]],
) -> None:
    made = decisions_of(
        3, features=features, event_ids=ids, p_fraud=scores, purchasing_power=scores * 1000,
        credit_score=np.array([0, 300, 850]),
    )  # fmt: skip
    try:
        values = encode(made)
    except TypeError:  # a lone surrogate, which no decoded event can hold
        assert any("\ud800" <= c <= "\udfff" for c in "".join(ids))
        return
    assert_same(Decisions.of([read_decision(value) for value in values]), made)


def test_features_get_their_names_for_readers() -> None:
    record = read_decision(encode(decisions_of(1, features=np.array([[1, np.nan]], np.float32)))[0])
    assert named_features(record, ["a", "b"])["features"] == {"a": 1.0, "b": None}
    with pytest.raises(InputError, match="2 features of version f3"):
        named_features(record, ["a"])


def test_taken_decisions_are_encoded_as_before() -> None:
    made = decisions_of(6)
    values = encode(made)
    assert encode(made.take([4, 1])) == [values[4], values[1]]


def test_decisions_of_different_versions_do_not_mix() -> None:
    other = decisions_of(1, versions=replace(VERSIONS, policy_version="p2"))
    records = [read_decision(v) for v in encode(decisions_of(1)) + encode(other)]
    with pytest.raises(InputError, match="2 different versions"):
        Decisions.of(records)


@pytest.mark.parametrize("read", [read_decision, read_alert, read_credit, read_dead_letter])
@pytest.mark.parametrize("value", [b"", b"{", b"{}", b"[]", b"\xff"])
def test_what_is_no_output_record_is_refused_with_a_sentence(read: Any, value: bytes) -> None:
    with pytest.raises(InputError, match=r"A record of \S+ cannot be read: "):
        read(value)
