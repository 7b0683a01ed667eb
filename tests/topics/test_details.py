"""What an alert tells of its event."""

import orjson

from topics.details import MAX_CHARS, TOLD, details

ORDER = {
    "type": "order", "event_id": "e", "user_id": "u", "event_time": 1, "order_id": "o",
    "status": "placed", "amount": 9.5, "currency": "EUR", "ip": "10.0.0.1", "device_id": "d",
    "items": [{"sku": "a", "quantity": 2}, {"sku": "b"}], "shipping_address_id": "home",
    "payment": {"method": "card", "instrument_id": "4111"}, "description": "x" * 900,
}  # fmt: skip


def test_an_alert_tells_what_was_ordered() -> None:
    told = details(orjson.dumps(ORDER))
    assert (told["order_id"], told["amount"], told["n_items"], told["method"]) == (
        "o", 9.5, 3, "card",
    )  # fmt: skip
    assert len(told["said"]) == MAX_CHARS


def test_nothing_that_identifies_a_person_is_told() -> None:
    told = details(orjson.dumps(ORDER))
    assert not {"ip", "device_id", "shipping_address_id", "payment"} & set(told)
    assert "4111" not in str(told)
    assert set(told) <= set(TOLD)


def test_a_review_is_told_with_its_title() -> None:
    review = {"type": "review", "rating": 1, "title": "No", "text": "差评", "review_id": "r"}
    assert details(orjson.dumps(review))["said"] == "No\n差评"
