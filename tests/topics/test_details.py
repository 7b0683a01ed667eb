"""What an alert tells of its event."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics import malformed
from tests.topics.test_outputs import decisions_of
from topics.alerts import Alerts, encode_alerts, read_alert
from topics.decisionrecord import TOLD
from topics.decode import Decoder
from topics.details import MAX_CHARS, details
from topics.hashing import Tokens

DECODER = Decoder(Tokens(b"a test key"))
ORDER = malformed.ORDER | {
    "ip": "10.0.0.1", "device_id": "d", "shipping_address_id": "home",
    "items": [{"sku": "a", "quantity": 2}, {"sku": "b"}],
    "payment": {"method": "card", "instrument_id": "4111"}, "description": "x" * 900,
}  # fmt: skip
GOOD = {"order": ORDER, "browse": malformed.BROWSE, "review": malformed.REVIEW}
FIELDS = sorted({*TOLD, *ORDER, *malformed.REVIEW, "action", "title", "items", "unknown", "type"})


def accepted(value: bytes, event_type: str) -> bool:
    return not DECODER.events([value], type_hint=event_type).bad


def assert_tellable(value: bytes) -> dict[str, Any]:
    """An alert with the event's details can be read, and says what they say."""
    told = details(value)
    alerts = Alerts(decisions_of(1), ["fraud"], ["low"], [[]], [[]], [told])
    (written,) = encode_alerts(alerts, decided_at_ms=7, latency_ms={})
    record = read_alert(written)
    assert set(told) <= set(TOLD)
    for name, said in told.items():
        assert orjson.loads(written)[name] == said
        assert getattr(record, name) == said
    return told


def test_an_alert_tells_what_was_ordered() -> None:
    told = details(orjson.dumps(ORDER))
    assert (told["order_id"], told["amount"], told["n_items"], told["method"]) == (
        "o-1", 12.5, 3, "card",
    )  # fmt: skip
    assert len(told["said"]) == MAX_CHARS


def test_nothing_that_identifies_a_person_is_told() -> None:
    told = details(orjson.dumps(ORDER))
    assert not {"ip", "device_id", "shipping_address_id", "payment"} & set(told)
    assert "4111" not in str(told)
    assert set(told) <= set(TOLD)


def test_a_review_is_told_with_its_title() -> None:
    review = malformed.REVIEW | {"rating": 1, "title": "No", "text": "差评"}
    told = details(orjson.dumps(review))
    assert (told["said"], told["rating"], told["review_id"]) == ("No\n差评", 1, "r-1")


@pytest.mark.parametrize(
    ("event_type", "extra"),
    [
        ("browse", b'"items":["a","b"]'),
        ("browse", b'"items":3'),
        ("browse", b'"payment":"card"'),
        ("review", b'"payment":"card"'),
        ("review", b'"amount":"a lot"'),
        ("order", b'"title":5'),
        ("order", b'"text":7'),
        ("order", b'"review_id":[]'),
        ("order", b'"unknown":1e999'),
        ("browse", b'"unknown":1e999'),
        ("review", b'"unknown":1e999'),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_fields_of_other_types_are_not_told_whatever_they_hold(
    event_type: str, extra: bytes, named: bool
) -> None:
    event = GOOD[event_type] | ({"type": event_type} if named else {})
    plain = orjson.dumps(event)
    value = plain[:-1] + b"," + extra + b"}"
    assert accepted(value, event_type)
    assert assert_tellable(value) == details(plain) != {}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1e6) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["method", "quantity", "sku"]), inner)
    ),
    max_leaves=4,
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(GOOD)), st.dictionaries(st.sampled_from(FIELDS), _JSON, max_size=4))
def test_whatever_the_decoder_accepts_can_be_told(event_type: str, extra: dict[str, Any]) -> None:
    try:
        value = orjson.dumps(GOOD[event_type] | extra)
    except TypeError:  # a lone surrogate, which no value that is UTF-8 can hold
        return
    if accepted(value, event_type):
        assert assert_tellable(value) != {}


def test_numbers_that_are_told_are_those_of_the_columns() -> None:
    items = [{"quantity": 0}, {"quantity": 2.0}, {}]
    value = orjson.dumps(ORDER | {"items": items})
    row = DECODER.events([value], type_hint="order").batch.rows[0]
    told = details(value)
    assert (told["n_items"], told["amount"]) == (row["n_items"], row["amount"])
    assert "n_items" not in details(orjson.dumps(ORDER | {"items": None}))
    assert not any(isinstance(v, float) and math.isnan(v) for v in told.values())


@pytest.mark.parametrize("value", [b"", b"{}", b"[", b"3", b"\xff", b"[" * 100_000])
def test_what_is_no_event_tells_nothing(value: bytes) -> None:
    assert details(value) == {}
