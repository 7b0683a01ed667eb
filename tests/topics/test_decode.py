import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topics.malformed import (
    BROWSE,
    GOOD,
    KINDS,
    LABEL,
    LABELS,
    MAX_AHEAD_MS,
    ORDER,
    RECORD_MS,
    REVIEW,
    TYPE_OF_TOPIC,
    Kind,
    encoded,
)
from topics.columns import EVENT
from topics.deadletter import REASONS, Bad
from topics.decode import ANY_TYPE, Decoder
from topics.hashing import Tokens, normalise_text
from topics.sketch import NO_TEXT, sketches
from topics.vocabulary import BROWSE_ACTIONS, EVENT_TYPES, LABEL_KINDS, ORDER_STATUSES

TOKENS = Tokens(b"a test key")
DECODER = Decoder(TOKENS)


def read(topic: str, values: list[bytes | None], keys: list[bytes | None] | None = None) -> Any:
    if topic == LABELS:
        return DECODER.labels(values, record_ms=RECORD_MS, keys=keys)
    hint = TYPE_OF_TOPIC[topic]
    return DECODER.events(values, type_hint=hint, record_ms=RECORD_MS, keys=keys)


def one(record: dict[str, Any], event_type: str | None = None) -> np.void:
    decoded = DECODER.events([encoded(record)], type_hint=event_type)
    assert decoded.bad == []
    return decoded.batch.rows[0]  # type: ignore[no-any-return]


def test_the_table_is_long_and_without_repeats() -> None:
    assert len(KINDS) >= 60
    assert len({(kind.topic, kind.name) for kind in KINDS}) == len(KINDS)
    decided_elsewhere = {"unknown_topic"}
    assert {kind.reason for kind in KINDS} == set(REASONS) - decided_elsewhere


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_bad_record_gets_its_reason_and_its_neighbours_survive(kind: Kind) -> None:
    good = encoded(GOOD[kind.topic])
    keys: list[bytes | None] = [b"u-1", kind.key, b"u-1"]
    decoded = read(kind.topic, [good, kind.value, good], keys)
    assert [(bad.position, bad.reason) for bad in decoded.bad] == [(1, kind.reason)]
    assert decoded.bad[0].detail.startswith("The ")
    assert decoded.bad[0].detail.endswith((".", ")."))
    assert decoded.index.tolist() == [0, 2]
    assert len(decoded.batch) == 2


def test_all_bad_records_of_a_topic_at_once_get_the_same_reasons() -> None:
    for topic, record in GOOD.items():
        kinds = [kind for kind in KINDS if kind.topic == topic]
        values = [value for kind in kinds for value in (encoded(record), kind.value)]
        keys = [key for kind in kinds for key in (b"u-1", kind.key)]
        decoded = read(topic, values, keys)
        assert decoded.bad == [
            Bad(2 * i + 1, kind.reason, decoded.bad[i].detail) for i, kind in enumerate(kinds)
        ]
        assert decoded.index.tolist() == list(range(0, len(values), 2))


def test_details_name_the_field() -> None:
    bad = {kind.name: read(kind.topic, [kind.value]).bad for kind in KINDS if kind.key == b"u-1"}
    assert "amount" in bad["a negative amount"][0].detail
    assert "items[0].quantity" in bad["a quantity as text"][0].detail
    assert "known_at" in bad["a label known next year"][0].detail
    assert "currency" in bad["a currency sign"][0].detail
    assert "user_id" in bad["a user_id twice"][0].detail


def test_an_order_becomes_its_columns() -> None:
    row = one(
        ORDER
        | {
            "event_time": "2025-06-15T12:30:00.250+08:00",
            "account_created_at": 1_600_000_000_000,
            "session_id": "s",
            "device_id": "d",
            "ip": "203.0.113.9",
            "channel": "app",
            "status": "refunded",
            "items": [
                {"sku": "a", "category": "books", "quantity": 3, "unit_price": 5},
                {"sku": "b", "category": "phones", "unit_price": 7.5},
                {"sku": "c", "category": "socks", "quantity": 2, "unit_price": 7.5},
            ],
            "payment": {"method": "card", "instrument_id": "i"},
            "seller_id": "v",
            "shipping_address_id": "to",
            "billing_address_id": "from",
            "description": "Gift Wrap!",
        },
        "order",
    )
    tokens = {
        "user": "u-1",
        "event": "e-1",
        "order": "o-1",
        "session": "s",
        "device": "d",
        "ip": "203.0.113.0/24",
        "instrument": "i",
        "seller": "v",
        "address": "to",
        "billing": "from",
        "sku": "b",
        "text": "gift wrap",
    }
    for column, text in tokens.items():
        assert int(row[column]) == TOKENS.of(text), column
    words = {"category": "phones", "currency": "EUR", "method": "card", "channel": "app"}
    for column, text in words.items():
        assert int(row[column]) == TOKENS.of(text) & 0xFFFFFFFF, column
    assert row["time_ms"] == 1_749_961_800_250
    assert row["account_created_ms"] == 1_600_000_000_000
    assert (row["amount"], row["n_items"], row["text_chars"]) == (12.5, 6, 10)
    assert (row["type"], row["source"], row["step"]) == (0, 0, ORDER_STATUSES.index("refunded"))
    assert row["sketch"].tolist() == sketches(["gift wrap"])[0].tolist()
    assert np.isnan(row["dwell_ms"])
    assert np.isnan(row["helpful"])


def test_a_browse_event_becomes_its_columns() -> None:
    row = one(BROWSE | {"type": "browse", "query": "Red Shoes", "price": 9, "dwell_ms": 1200})
    assert (row["amount"], row["dwell_ms"], row["rating"]) == (9, 1200, 0)
    assert (row["type"], row["source"], row["step"]) == (1, 1, 8 + BROWSE_ACTIONS.index("view"))
    assert int(row["text"]) == TOKENS.of("red shoes")
    assert int(row["sku"]) == TOKENS.of("s-1")
    assert np.isnan(row["n_items"])


def test_a_review_becomes_its_columns() -> None:
    extra = {"title": "Top", "verified_purchase": True, "helpful_votes": 3, "seller_id": "v"}
    decoded = DECODER.events([encoded(REVIEW | extra)], type_hint="review")
    row = decoded.batch.rows[0]
    assert decoded.batch.texts == ["Top\ngood"]
    assert (row["type"], row["source"], row["step"], row["rating"]) == (2, 2, 16, 5)
    assert (row["verified"], row["helpful"], row["text_chars"]) == (1, 3, 8)
    assert int(row["text"]) == TOKENS.of(normalise_text("Top\ngood"))
    assert np.isnan(row["amount"])


def test_a_label_becomes_its_columns() -> None:
    about_user = {k: v for k, v in LABEL.items() if k != "event_id"} | {"label_id": "l-2"}
    decoded = DECODER.labels(
        [encoded(LABEL | {"scenario": "ring", "amount": 3}), encoded(about_user)]
    )
    batch = decoded.batch
    assert decoded.bad == []
    assert batch.label_ids == ["l-1", "l-2"]
    assert batch.event_ids == ["e-1", None]
    assert batch.scenarios == ["ring", None]
    assert batch.rows["event"].tolist() == [TOKENS.of("e-1"), 0]
    assert batch.rows["user"].tolist() == [TOKENS.of("u-1")] * 2
    assert batch.rows["kind"].tolist() == [LABEL_KINDS.index("fraud")] * 2
    assert batch.rows["is_fraud"].tolist() == [1, 1]
    assert batch.rows["known_ms"].tolist() == [RECORD_MS - 1000] * 2
    assert batch.rows["amount"][0] == 3
    assert np.isnan(batch.rows["amount"][1])


def test_a_label_that_does_not_say_its_source_is_read_all_the_same() -> None:
    value = encoded({k: v for k, v in LABEL.items() if k != "source"})
    assert DECODER.labels([value]).bad == []


@pytest.mark.parametrize("kind", LABEL_KINDS)
def test_every_kind_of_label_is_read_as_its_code(kind: str) -> None:
    decoded = DECODER.labels([encoded(LABEL | {"kind": kind, "is_fraud": False})])
    assert decoded.batch.rows["kind"].tolist() == [LABEL_KINDS.index(kind)]


@pytest.mark.parametrize(
    "extra",
    [
        {"unknown": {"deep": [1, {"x": None}]}, "another": 1e300},
        {"device_id": None, "ip": None, "channel": None, "session_id": None, "sku": None},
        {"query": None, "price": None, "dwell_ms": None, "attributes": None, "category": None},
        {"account_created_at": None},
        {"ip": "not an address"},
        {"user_id": "用户 é 😀", "event_id": "é" * 64},
        {"user_id": "u" * 128},
        {"price": 0},
        {"event_time": "2025-06-15t12:00:00.123456789z"},
        {"event_time": RECORD_MS + MAX_AHEAD_MS},
        {"event_time": 725_846_400_000},
        {"event_time": "1993-01-01T00:00:00Z"},
        {"attributes": {"coupon": True, "n": 3, "share": 0.5, "tier": "gold"}},
    ],
)
def test_what_the_contract_allows_is_accepted(extra: dict[str, Any]) -> None:
    value = encoded(BROWSE | extra)
    decoded = DECODER.events([value], type_hint="browse", record_ms=RECORD_MS)
    assert decoded.bad == []
    assert len(decoded.batch) == 1


def test_null_attributes_count_as_missing() -> None:
    value = encoded(BROWSE | {"attributes": {"a": None, "b": 2, "c": False}})
    assert DECODER.events([value], type_hint="browse").batch.attributes == [{"b": 2, "c": False}]


def test_absent_fields_are_zero_or_nan() -> None:
    row = one(BROWSE, "browse")
    absent = ("order", "account_created_ms", "device", "address", "instrument", "ip", "seller")
    assert all(row[name] == 0 for name in (*absent, "session", "text", "text_chars", "category"))
    assert np.isnan(row["amount"])
    assert (row["sketch"] == NO_TEXT).all()


def test_a_text_of_white_space_is_no_text() -> None:
    decoded = DECODER.events([encoded(REVIEW | {"text": "  \n"})], type_hint="review")
    assert decoded.batch.texts == [None]
    assert decoded.batch.rows["text"][0] == 0


def test_without_a_hint_every_event_needs_its_type() -> None:
    values = [encoded(ORDER | {"type": "order"}), encoded(BROWSE), encoded(REVIEW | {"type": "x"})]
    decoded = DECODER.events(values)
    assert [(bad.position, bad.reason) for bad in decoded.bad] == [
        (1, "missing_field"),
        (2, "unknown_value"),
    ]
    assert decoded.index.tolist() == [0]


def test_without_a_timestamp_nothing_is_in_the_future() -> None:
    value = encoded(BROWSE | {"event_time": RECORD_MS * 2})
    for record_ms in (None, 0, -1, [0]):
        assert DECODER.events([value], type_hint="browse", record_ms=record_ms).bad == []


def test_an_empty_batch_is_an_empty_answer() -> None:
    for decoded in (DECODER.events([]), DECODER.events([], type_hint="order", keys=[])):
        assert len(decoded.batch) == 0
        assert decoded.bad == []
    assert len(DECODER.labels([], record_ms=[], keys=[]).batch) == 0


_IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
_EVENTS = st.sampled_from([(ORDER, "order"), (BROWSE, "browse"), (REVIEW, "review")]).flatmap(
    lambda pair: st.fixed_dictionaries(
        {"event_id": _IDS, "user_id": _IDS, "device_id": _IDS | st.none()},
    ).map(lambda changed: pair[0] | changed | {"type": pair[1]})
)


@given(st.lists(_EVENTS, max_size=8), st.data())
def test_mixed_types_keep_their_order_and_cutting_a_batch_changes_nothing(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    values = [encoded(event) for event in events]
    whole = DECODER.events(values).batch
    cut = data.draw(st.integers(0, len(values)))
    parts = [DECODER.events(values[:cut]).batch, DECODER.events(values[cut:]).batch]
    assert whole.event_ids == [event["event_id"] for event in events]
    assert whole.user_ids == [event["user_id"] for event in events]
    assert [EVENT_TYPES[code] for code in whole.rows["type"]] == [e["type"] for e in events]
    for name in EVENT.names or ():
        np.testing.assert_array_equal(
            whole.rows[name], np.concatenate([part.rows[name] for part in parts])
        )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(ORDER)), inner)
    ),
    max_leaves=8,
)
_VALUES = st.lists(
    st.none()
    | st.binary(max_size=40)
    | _JSON.map(lambda value: json.dumps(value).encode())
    | _EVENTS.map(encoded)
    | st.builds(
        lambda event, name, value: encoded(event | {name: value}),
        _EVENTS,
        st.sampled_from([*ORDER, *BROWSE, *REVIEW, "attributes", "type"]),
        _JSON.filter(lambda value: "\\ud" not in json.dumps(value)),
    )
    | st.tuples(_EVENTS.map(encoded), st.integers(0, 200), st.binary(max_size=3)).map(
        lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + 1 :]
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(_VALUES)
def test_decoding_never_raises_and_accounts_for_every_value(values: list[bytes | None]) -> None:
    for decode in (DECODER.events, DECODER.labels):
        decoded: Any = decode(values, record_ms=RECORD_MS)
        bad = [b.position for b in decoded.bad]
        assert sorted([*bad, *decoded.index.tolist()]) == list(range(len(values)))
        assert bad == sorted(bad)
        assert {b.reason for b in decoded.bad} <= set(REASONS)
        assert len(decoded.batch) == len(decoded.index)


@given(_VALUES, _EVENTS)
def test_good_records_around_bad_ones_survive(
    values: list[bytes | None], event: dict[str, Any]
) -> None:
    good = encoded(event)
    surrounded = [good, *(v for value in values for v in (value, good))]
    decoded = DECODER.events(surrounded)
    assert set(range(0, len(surrounded), 2)) <= set(decoded.index.tolist())


def test_values_of_several_topics_are_decoded_at_once_as_they_are_one_topic_after_the_other():
    kinds = [ORDER, BROWSE, REVIEW]
    values, codes = [], []
    for i, kind in enumerate(kinds * 3):
        values.append(encoded(kind | {"event_id": f"e{i}"}))
        codes.append(i % 3)
    values += [b"{}", b"[]", encoded(ORDER | {"type": "order"}), encoded(BROWSE)]
    codes += [2, 0, 1, ANY_TYPE]
    hints = np.array(codes, np.int8)
    whole = DECODER.events(values, type_hint=hints, record_ms=RECORD_MS)
    for code, name in ((0, "order"), (1, "browse"), (2, "review"), (ANY_TYPE, None)):
        at = np.flatnonzero(hints == code)
        alone = DECODER.events([values[i] for i in at], type_hint=name, record_ms=RECORD_MS)
        mine = np.isin(whole.index, at)
        assert whole.index[mine].tolist() == at[alone.index].tolist()
        assert whole.batch.rows[mine].tobytes() == alone.batch.rows.tobytes()
        refused = [(bad.position, bad.reason) for bad in whole.bad if hints[bad.position] == code]
        assert refused == [(int(at[bad.position]), bad.reason) for bad in alone.bad]
