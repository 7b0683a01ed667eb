"""Events in plain JSON: read as the decoder that reads everything does, or left to it."""

import json
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.malformed import BROWSE, KINDS, LABELS, ORDER, RECORD_MS, REVIEW, encoded
from topics.columns import EVENT, EventBatch
from topics.decode import ANY_TYPE, Decoder
from topics.eventfields import FIELDS, ITEM_FIELDS, PAYMENT_FIELDS
from topics.hashing import Tokens
from topics.plainevents import read_plain

ANY = np.array([ANY_TYPE], np.int8)
TOKENS = Tokens(b"a test key")
DECODER = Decoder(TOKENS)
TYPED = [record | {"type": name} for name, record in
         (("order", ORDER), ("browse", BROWSE), ("review", REVIEW))]  # fmt: skip
RICH = TYPED[0] | {
    "payment": {"method": "card", "instrument_id": "c-9"}, "ip": "203.0.113.77", "channel": "app",
    "session_id": "s", "device_id": "d", "seller_id": "v", "shipping_address_id": "a",
    "billing_address_id": "b", "description": "红 gift", "account_created_at": 1_600_000_000_000,
    "attributes": {"vip": True, "age": 31, "share": 0.25, "tier": "gold", "none": None},
    "items": [{"sku": "x", "quantity": 2, "unit_price": -1.5, "name": "\n"}, {"category": "c"}],
}  # fmt: skip


def nothing_plain(values: Any, *rest: Any) -> tuple[EventBatch, Any]:
    return EventBatch(np.zeros(0, EVENT), [], [], [], []), np.zeros(len(values), np.bool_)


def assert_same(values: list[bytes | None], hint: str | None = None) -> None:
    found = DECODER.events(values, type_hint=hint, record_ms=RECORD_MS)
    with patch("topics.decode.read_plain", nothing_plain):
        expected = DECODER.events(values, type_hint=hint, record_ms=RECORD_MS)
    assert found.bad == expected.bad
    assert found.index.tolist() == expected.index.tolist()
    for name in EVENT.names or ():
        np.testing.assert_array_equal(found.batch.rows[name], expected.batch.rows[name], name)
    for name in ("event_ids", "user_ids", "texts", "attributes"):
        assert getattr(found.batch, name) == getattr(expected.batch, name)


def is_plain(value: bytes) -> bool:
    return bool(read_plain([value], ANY, 10**6, TOKENS)[1][0])


@pytest.mark.parametrize("record", [*TYPED, RICH])
def test_ordinary_events_are_plain(record: dict[str, Any]) -> None:
    compact = json.dumps(record, separators=(",", ":")).encode()
    for value in (encoded(record), compact, json.dumps(record, indent=2).encode()):
        assert is_plain(value)
        assert_same([value])


VALUES = (
    '""', '"x"', '"\\n"', '"\\u00e9"', '"\\u4f60 \\ud83d\\ude00"', '"\\ud83d"', '"\\x"', '"é你😀"',
    '"\t"', '"\x7f"', "null", "true", "false", "nul", "0", "-0", "-0.0", "1", "-1", "01", "1.",
    ".5", "1.5", "2.50", "1e3", "1E+3", "1e-3", "1e", "1e400", "0.1", "123456789012345",
    "1234567890123456", "0.1234567890123456789", "5e-324", "1e15", "1000000000000000.1",
    "1749999999000", "1749999999000.0", '"2025-06-15T12:30:00Z"', "[]", "{}", "[{}]", "[null]",
    "[[]]", "[1,]", "[,]", "{,}", '{"a":}', '{"a":1,}', '{"a":1,"a":2}', '{"sku":"a","sku":"b"}',
    '[{"sku":"a","sku":"b"}]', '[{"sku":"a\\n"}]', '[{"sku":null,"quantity":null,"unit_price":7}]',
    '[{"quantity":1e9},{"quantity":0.5}]', '[{"quantity":-1}]', '[{"name":"\\"","category":"c"}]',
    '[{"unit_price":1},{"sku":"b","unit_price":1},{"sku":"c","unit_price":2}]', "[" * 31 + "]" * 31,
    "[" * 32 + "]" * 32, '{"method":"card","instrument_id":"i","x":[{}]}', '{"method":5}',
    '"EUR"', '"eur"', '"EURO"', '"192.0.2.1"', '"192.0.2.256"', '"192.00.2.1"', '"1.2.3"',
    '"1.2.3.4.5"', '"::ffff:192.0.2.1"', '"2001:db8::1"', '" 192.0.2.1"', '"1922.0.2.1"',
)  # fmt: skip


@pytest.mark.parametrize("field", [*FIELDS, "unknown"])
def test_any_value_of_any_field_is_read_the_same(field: str) -> None:
    values = []
    for record in TYPED:
        rest = encoded({name: v for name, v in record.items() if name != field})[1:]
        values += [b'{ "' + field.encode() + b'" : ' + v.encode() + b", " + rest for v in VALUES]
    assert_same(values)  # type: ignore[arg-type]


def test_what_surrounds_an_event_is_read_the_same() -> None:
    value = encoded(TYPED[1])
    values = [value, b" \t\n\r" + value + b"\n ", value + b"x", value + value, value[:-1], b"",
              None, b"[" + value + b"]", b"\xef\xbb\xbf" + value,
              value.replace(b"view", b"vi\xffew"),
              value[:-1] + b', "a": 1, "a": 2}', value[:-1] + b', "sku": 1}', b"{}", b"{",
              value[:-1] + b"".join(b', "f%d": %d' % (i, i) for i in range(40)) + b"}"]  # fmt: skip
    assert_same(values)
    for one in values:
        assert_same([one])
    without = {k: v for k, v in TYPED[1].items() if k != "type"}
    for hint in ("order", "browse", "review"):
        assert_same([value, encoded(without), encoded(TYPED[0])], hint)


def test_more_bytes_than_places_can_name_are_left_to_the_other_reader() -> None:
    values = [encoded(record) for record in TYPED]
    with patch("topics.plainevents.MOST_BYTES", sum(map(len, values))):
        assert read_plain(values, np.repeat(ANY, len(values)), 10**6, TOKENS)[1].all()
    with patch("topics.plainevents.MOST_BYTES", sum(map(len, values)) - 1):
        assert not read_plain(values, np.repeat(ANY, len(values)), 10**6, TOKENS)[1].any()
        assert_same(values)  # type: ignore[arg-type]


def test_every_kind_of_bad_record_is_told_the_same() -> None:
    for kind in KINDS:
        if kind.topic != LABELS:
            assert_same([kind.value, encoded(TYPED[0])], None)


_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_ANY = st.recursive(
    _LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*ITEM_FIELDS, *PAYMENT_FIELDS]), inner, max_size=4)
    ),
    max_leaves=6,
)
_CHANGED = st.builds(
    lambda record, changes: record | changes,
    st.sampled_from([*TYPED, RICH]),
    st.dictionaries(st.sampled_from(FIELDS), _ANY, max_size=3),
)


@settings(max_examples=400)
@given(st.lists(_CHANGED, max_size=5), st.booleans(), st.integers(0, 400), st.binary(max_size=2))
def test_changed_and_damaged_events_are_read_the_same(
    records: list[dict[str, Any]], ascii_only: bool, cut: int, junk: bytes
) -> None:
    texts = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
    values: list[bytes | None] = [text.encode("utf-8", "surrogatepass") for text in texts]
    assert_same(values)
    if values and values[0]:
        assert_same([values[0][:cut] + junk + values[0][cut + 1 :], *values[1:]])
