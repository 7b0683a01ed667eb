"""What the demo sends: order, repeats, and records that are broken in known ways."""

import orjson
import pytest

from stream.demo.traffic import BREAK_EVERY, REPEAT_EVERY, TOPICS, WAYS_TO_BREAK, traffic
from topics.decode import Decoder
from topics.hashing import Tokens
from topics.simulator import Shop, SimulatorConfig


@pytest.fixture(scope="module")
def shop():
    with Shop(SimulatorConfig(users=400, days=30, seed=3, fraud_share=0.05)) as shop:
        yield shop


@pytest.fixture(scope="module")
def sent(shop):
    return list(traffic(shop.events(), shop.labels()))


def test_every_event_and_label_is_sent_in_order_of_time(shop, sent):
    times = [record.time_ms for record in sent]
    assert times == sorted(times)
    values = [record.value for record in sent if record.role in {"event", "label"}]
    assert sorted(values) == sorted(
        r.value for part in (shop.events(), shop.labels()) for r in part
    )


def test_every_record_goes_to_the_topic_of_its_type(sent):
    for record in sent:
        if record.role == "event":
            assert record.topic == TOPICS[orjson.loads(record.value)["type"]]
    assert {record.topic for record in sent} == set(TOPICS.values())


def test_some_events_come_twice_and_some_broken_as_often_as_said(sent):
    n_events = sum(record.role == "event" for record in sent)
    repeats = [n for n, record in enumerate(sent) if record.role == "repeat"]
    assert len(repeats) == n_events // REPEAT_EVERY > 0
    assert all(sent[n].value == sent[n - 1].value for n in repeats)
    assert sum(record.role == "broken" for record in sent) == n_events // BREAK_EVERY > 0


def test_the_worker_takes_every_event_and_refuses_every_way_to_break_one(sent):
    decoder = Decoder(Tokens(b"0123456789abcdef"))
    good = [record for record in sent if record.topic == "shop.orders" and record.role == "event"]
    values = [record.value for record in good[:50]]
    now_ms = 1_800_000_000_000
    assert not decoder.events(values, type_hint="order", record_ms=now_ms).bad
    for spoil in WAYS_TO_BREAK:
        bad = decoder.events([spoil(v) for v in values], type_hint="order", record_ms=now_ms).bad
        assert len(bad) == len(values)
