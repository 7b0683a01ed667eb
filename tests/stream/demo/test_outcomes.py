"""The demo's count of what came out, on the embedded broker."""

import orjson
import pytest

from stream.demo.broker import PARTITIONS, EmbeddedBroker
from stream.demo.outcomes import OUTPUTS, Outcomes
from topics.producing import Sender


@pytest.fixture
def broker():
    with EmbeddedBroker() as broker:
        broker.create(*OUTPUTS)
        yield broker


def decision(event_id, action="allow", revision=0):
    return {"event_id": event_id, "action": action, "revision": revision}


def sent_to(broker, topic, *records):
    with Sender(broker.bootstrap, linger_ms=1) as sender:
        sender.send(topic, [b"u"] * len(records), [orjson.dumps(record) for record in records])


@pytest.fixture
def counted(broker):
    seen = []
    outcomes = Outcomes(broker.bootstrap, seen.append)

    def count(topic, *records):
        sent_to(broker, topic, *records)
        n = 0
        while n < len(records):
            n += outcomes.poll(5)
        return outcomes

    count.alerts = seen
    yield count
    outcomes.close()


def test_a_topic_of_the_embedded_broker_has_the_partitions_that_the_demo_counts_on(broker):
    with Sender(broker.bootstrap) as sender:
        assert len(sender._producer.list_topics("new").topics["new"].partitions) == PARTITIONS


def test_an_event_counts_once_however_often_it_is_decided(counted):
    records = [decision("a"), decision("b"), decision("a", "hold"), decision("b", revision=1)]
    outcomes = counted("risk.decisions", *records)
    assert outcomes.actions == {"a": "allow", "b": "allow"}
    assert outcomes.repeated_decisions == 1
    assert outcomes.n_answered == 2


def test_dead_letters_of_labels_are_not_events(counted):
    outcomes = counted(
        "risk.deadletter",
        {"reason": "not_json", "topic": "shop.orders"},
        {"reason": "not_json", "topic": "risk.labels"},
    )
    assert outcomes.n_answered == 1
    assert outcomes.dead_events == outcomes.dead_labels == {"not_json": 1}


def test_an_alert_is_shown_once_and_the_newest_band_of_a_user_counts(counted):
    alert = {"event_id": "a", "action": "hold"}
    outcomes = counted("risk.alerts", alert, alert)
    assert outcomes.alerted == {"a": "hold"}
    assert counted.alerts == [alert]
    outcomes = counted("credit.scores", *({"user_id": "u", "band": band} for band in "CB"))
    assert outcomes.bands == {"u": "B"}


def test_latency_is_measured_of_the_events_that_were_expected(counted, broker):
    outcomes = counted("risk.decisions", decision("a"))
    assert outcomes.latency_ms(50) != outcomes.latency_ms(50)
    outcomes.expect("b")
    outcomes = counted("risk.decisions", decision("b"), decision("c"))
    assert len(outcomes.latencies_s) == 1
    assert 0 < outcomes.latency_ms(50) < 10_000
