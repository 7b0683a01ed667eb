"""Every kind of bad record that the contract rules out, with the reason it must get.

``KINDS`` is shared: the decoder's tests read it value by value, the worker's tests send it through
a broker and look for the same reasons in the dead letters.
"""

import json
from dataclasses import dataclass
from typing import Any

from topics.deadletter import Reason

RECORD_MS = 1_750_000_000_000
"""The timestamp that the records of this table are written with."""
MAX_BYTES = 256 * 1024
MAX_AHEAD_MS = 600_000

TYPE_OF_TOPIC = {"shop.orders": "order", "shop.browse": "browse", "shop.reviews": "review"}
LABELS = "risk.labels"

_COMMON: dict[str, Any] = {"event_id": "e-1", "user_id": "u-1", "event_time": RECORD_MS - 1000}
ORDER = _COMMON | {
    "order_id": "o-1",
    "status": "placed",
    "amount": 12.5,
    "currency": "EUR",
    "items": [{"sku": "s-1", "category": "shoes", "quantity": 1, "unit_price": 12.5}],
}
BROWSE = _COMMON | {"action": "view", "sku": "s-1"}
REVIEW = _COMMON | {"review_id": "r-1", "rating": 5, "text": "good"}
LABEL: dict[str, Any] = {
    "label_id": "l-1",
    "user_id": "u-1",
    "kind": "fraud",
    "is_fraud": True,
    "event_id": "e-1",
    "event_time": RECORD_MS - 9_000_000,
    "known_at": RECORD_MS - 1000,
    "source": "bank",
}
GOOD = {"shop.orders": ORDER, "shop.browse": BROWSE, "shop.reviews": REVIEW, LABELS: LABEL}


@dataclass(frozen=True)
class Kind:
    """One kind of bad record."""

    name: str
    topic: str
    key: bytes | None
    value: bytes | None
    reason: Reason


def encoded(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def _but(topic: str, **changes: Any) -> bytes:
    """Return the topic's good record with fields changed, or left out where ``...``."""
    record = {k: v for k, v in (GOOD[topic] | changes).items() if v is not ...}
    return encoded(record)


def _raw(topic: str, addition: str) -> bytes:
    """Return the topic's good record with text put in at its front."""
    return b"{" + addition.encode() + b", " + encoded(GOOD[topic])[1:]


def _kind(
    name: str, topic: str, value: bytes | None, reason: Reason, key: bytes | None = b"u-1"
) -> Kind:
    return Kind(name, topic, key, value, reason)


def _changed(reason: Reason, topic: str, name: str, **changes: Any) -> Kind:
    return _kind(name, topic, _but(topic, **changes), reason)


O, B, R, L = "shop.orders", "shop.browse", "shop.reviews", LABELS  # noqa: E741
_GOOD_BROWSE = encoded(BROWSE)

_BYTES = [
    _kind("a tombstone", B, None, "empty"),
    _kind("no bytes", B, b"", "empty"),
    _kind("only blanks", B, b"  \n", "empty"),
    _kind("too many bytes", R, _but(R, text="x" * MAX_BYTES), "too_large"),
    _kind("too many bytes that are no JSON", R, b"x" * (MAX_BYTES + 1), "too_large"),
    _kind("plain text", B, b"hello", "not_json"),
    _kind("binary", B, bytes(range(256)), "not_json"),
    _kind("cut off", B, _GOOD_BROWSE[:-10], "not_json"),
    _kind("cut off in a string", B, b'{"event_id": "e', "not_json"),
    _kind("half a surrogate pair", B, _GOOD_BROWSE.replace(b"s-1", rb"\ud800"), "not_json"),
    _kind("a byte order mark", B, b"\xef\xbb\xbf" + _GOOD_BROWSE, "not_json"),
    _kind("UTF-16", B, _GOOD_BROWSE.decode().encode("utf-16"), "not_json"),
    _kind("Latin-1", R, _but(R, text="très bon").decode().encode("latin-1"), "not_json"),
    _kind("Latin-1 in an unknown field", B, _raw(B, '"x": "é"').decode().encode("latin-1"),
          "not_json"),
    _kind("two documents", B, _GOOD_BROWSE + _GOOD_BROWSE, "not_json"),
    _kind("a comma too many", B, _GOOD_BROWSE[:-1] + b",}", "not_json"),
    _kind("single quotes", B, _GOOD_BROWSE.replace(b'"', b"'"), "not_json"),
    _kind("a comment", B, b"/* hi */" + _GOOD_BROWSE, "not_json"),
    _kind("NaN", O, _raw(O, '"discount": NaN'), "not_json"),
    _kind("Infinity", O, _but(O, amount=...)[:-1] + b', "amount": Infinity}', "not_json"),
    _kind("a number with a leading zero", O, _raw(O, '"x": 012'), "not_json"),
    _kind("a lone surrogate", R, _raw(R, r'"title": "\ud800 nice"'), "not_json"),
    _kind("a lone surrogate in an unknown field", R, _raw(R, r'"x": "\udc00"'), "not_json"),
    _kind("a NUL byte in a string", B, _raw(B, '"x": "\x00"'), "not_json"),
    _kind("a raw line break in a string", B, _raw(B, '"x": "a\nb"'), "not_json"),
    _kind("deep arrays", B, _raw(B, '"x": ' + "[" * 40 + "]" * 40), "too_deep"),
    _kind("very deep objects", B, _raw(B, '"x": ' + '{"a":' * 9000 + "1" + "}" * 9000),
          "too_deep"),
    _kind("deep and never closed", B, b"[" * 100_000, "too_deep"),
    _kind("an array", B, b"[" + _GOOD_BROWSE + b"]", "not_an_object"),
    _kind("a string", B, b'"event"', "not_an_object"),
    _kind("a number", B, b"42", "not_an_object"),
    _kind("null", B, b"null", "not_an_object"),
    _kind("a user_id twice", B, _raw(B, '"user_id": "u-2"'), "duplicate_field"),
    _kind("the same amount twice", O, _raw(O, '"amount": 12.5'), "duplicate_field"),
    _kind("a field twice, once escaped", B, _raw(B, r'"user\u005fid": "u-2"'),
          "duplicate_field"),
]  # fmt: skip

_MISSING = [
    _changed("missing_field", topic, f"{topic} without {field}", **{field: ...})
    for topic, fields in {
        O: ("event_id", "user_id", "event_time", "order_id", "status", "amount", "currency"),
        B: ("action",),
        R: ("review_id", "rating", "text"),
        L: ("label_id", "user_id", "kind", "is_fraud", "event_time", "known_at"),
    }.items()
    for field in fields
] + [
    _changed("missing_field", O, "an amount of null", amount=None),
    _changed("missing_field", L, "is_fraud of null", is_fraud=None),
]

_WRONG_TYPE = [
    _changed("wrong_type", O, "an amount as text", amount="12.5"),
    _changed("wrong_type", O, "an amount of true", amount=True),
    _changed("wrong_type", B, "a number as user_id", user_id=7),
    _changed("wrong_type", B, "a number as event_id", event_id=7),
    _changed("wrong_type", B, "a fraction as event_time", event_time=1.5e12 + 0.5),
    _changed("wrong_type", B, "true as event_time", event_time=True),
    _changed("wrong_type", B, "a price as text", price="9"),
    _changed("wrong_type", O, "items as an object", items={}),
    _changed("wrong_type", O, "an item of null", items=[None]),
    _changed("wrong_type", O, "a quantity as text", items=[{"quantity": "1"}]),
    _changed("wrong_type", O, "a payment as text", payment="card"),
    _changed("wrong_type", R, "a rating with a fraction", rating=4.5),
    _changed("wrong_type", R, "a rating of true", rating=True),
    _changed("wrong_type", R, "a text of numbers", text=[1, 2]),
    _changed("wrong_type", R, "a verified_purchase of 1", verified_purchase=1),
    _changed("wrong_type", L, "is_fraud of 1", is_fraud=1),
    _changed("wrong_type", B, "attributes as an array", attributes=[1]),
    _changed("wrong_type", B, "a nested attribute", attributes={"a": {"b": 1}}),
    _changed("wrong_type", B, "an array as attribute", attributes={"a": [1]}),
    _changed("wrong_type", B, "a number as type", type=1),
]

_OUT_OF_RANGE = [
    _changed("out_of_range", O, "a negative amount", amount=-0.01),
    _kind("an amount beyond float64", O, _but(O, amount=...)[:-1] + b', "amount": 1e400}',
          "out_of_range"),
    _changed("out_of_range", O, "an amount of 400 digits", amount=10**400),
    _changed("out_of_range", O, "an absurd amount", amount=1e16),
    _changed("out_of_range", O, "a negative quantity", items=[{"quantity": -1}]),
    _changed("out_of_range", B, "a negative price", price=-1),
    _changed("out_of_range", B, "a negative dwell_ms", dwell_ms=-1),
    _changed("out_of_range", R, "a rating of 0", rating=0),
    _changed("out_of_range", R, "a rating of 6", rating=6),
    _changed("out_of_range", B, "an empty event_id", event_id=""),
    _changed("out_of_range", B, "an event_id of 65 characters", event_id="e" * 65),
    _kind("an empty user_id", B, _but(B, user_id=""), "out_of_range", b""),
    _kind("a user_id of 129 characters", B, _but(B, user_id="u" * 129), "out_of_range",
          b"u" * 129),
    _kind("a control character in a user_id", B, _but(B, user_id="u\x1b[2J"), "out_of_range",
          b"u\x1b[2J"),
    _kind("NUL in a user_id", B, _but(B, user_id="u\x00"), "out_of_range", b"u\x00"),
    _changed("out_of_range", B, "a line break in an event_id", event_id="e\n1"),
    _changed("out_of_range", O, "an empty order_id", order_id=""),
    _changed("out_of_range", B, "seconds for milliseconds", event_time=RECORD_MS // 1000),
    _changed("out_of_range", B, "microseconds for milliseconds", event_time=RECORD_MS * 1000),
    _changed("out_of_range", B, "a negative time", event_time=-1),
    _changed("out_of_range", B, "an event of 1980", event_time="1980-12-31T23:59:59Z"),
    _changed("out_of_range", B, "an event of 2100", event_time="2100-01-01T00:00:00Z"),
    _changed("out_of_range", B, "a huge integer as time", event_time=10**40),
    _changed("out_of_range", B, "an account made in 1969", account_created_at="1969-01-01T00:00Z"
             .replace("00:00Z", "00:00:00Z")),
    _changed("out_of_range", L, "a label known in 1980", known_at="1980-01-01T00:00:00Z"),
]  # fmt: skip

_WORDS = [
    _changed("unknown_value", O, "an unknown status", status="teleported"),
    _changed("unknown_value", O, "a status in capitals", status="PLACED"),
    _changed("unknown_value", O, "a currency in small letters", currency="eur"),
    _changed("unknown_value", O, "a currency of two letters", currency="EU"),
    _changed("unknown_value", O, "a currency sign", currency="€"),
    _changed("unknown_value", O, "a currency with a line break", currency="EUR\n"),
    _changed("unknown_value", B, "an unknown action", action="stare"),
    _changed("unknown_value", B, "an unknown type", type="refund"),
    _changed("unknown_value", L, "an unknown kind", kind="theft"),
    _changed("wrong_topic", O, "a review among the orders", type="review"),
    _changed("wrong_topic", B, "an order among the browsing", type="order"),
    _changed("contradiction", L, "legitimate fraud", kind="legitimate", is_fraud=True),
]

_DATES = [
    _changed("impossible_date", B, f"the time {text!r}", event_time=text)
    for text in (
        "2025-02-30T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-06-15T25:00:00Z",
        "2025-06-15T12:00:00",
        "2025-06-15",
        "2025-06-15T12:00:00+25:00",
        "15/06/2025 12:00",
        "yesterday",
        "1750000000000",
        "",
    )
] + [
    _changed(
        "impossible_date", O, "an impossible birth", account_created_at="2025-02-29T00:00:00Z"
    ),
    _changed("impossible_date", L, "a label known at no time", known_at="soon"),
    _changed("time_in_future", B, "an event of tomorrow", event_time=RECORD_MS + 86_400_000),
    _changed(
        "time_in_future", O, "an event just too early", event_time=RECORD_MS + MAX_AHEAD_MS + 1
    ),
    _changed("time_in_future", L, "a label known next year", known_at="2026-06-15T00:00:00Z"),
]

_KEYS = [
    _kind("another user's key", B, _GOOD_BROWSE, "wrong_key", b"u-2"),
    _kind("no key", B, _GOOD_BROWSE, "wrong_key", None),
    _kind("a quoted key", O, encoded(ORDER), "wrong_key", b'"u-1"'),
    _kind("a label under its event's key", L, encoded(LABEL), "wrong_key", b"e-1"),
]

KINDS = [*_BYTES, *_MISSING, *_WRONG_TYPE, *_OUT_OF_RANGE, *_WORDS, *_DATES, *_KEYS]
