"""Words of events are found by their tokens, whichever way the events were decoded."""

import orjson

from topics.decode import Decoder
from topics.eventwords import COLUMN, STEPS, EventWords, codes_of
from topics.hashing import Tokens

EVENTS = [
    {"type": "order", "event_id": "e1", "user_id": "u", "event_time": 1_772_353_500_000,
     "order_id": "o", "status": "paid", "amount": 5, "currency": "EUR", "channel": "app",
     "payment": {"method": "card"},
     "items": [{"category": "pens", "unit_price": 1}, {"category": "shoes", "unit_price": 9}]},
    {"type": "browse", "event_id": "e2", "user_id": "u", "event_time": "2026-03-01T09:30:00+01:00",
     "action": "search", "category": "caf\u00e9"},
    {"type": "review", "event_id": "e3", "user_id": "u", "event_time": 1_772_353_500_000,
     "review_id": "r", "rating": 1, "text": "no", "channel": "web"},
]  # fmt: skip


def test_every_word_is_found_by_the_code_that_the_event_has() -> None:
    values = [orjson.dumps(event) for event in EVENTS]
    rows = Decoder(Tokens(b"key")).events(values).batch.rows
    words = EventWords()
    words.add(rows, values)
    words.add(rows, values)
    found = {
        name: [words.found.get(str(code)) for code in codes_of(rows, name).tolist()]
        for name in COLUMN
        if name != "step"
    }
    assert found == {
        "payment.method": ["card", None, None],
        "channel": ["app", None, "web"],
        "currency": ["EUR", None, None],
        "category": ["shoes", "café", None],
    }
    assert [STEPS[code] for code in codes_of(rows, "step").tolist()] == ["paid", "search", "review"]
