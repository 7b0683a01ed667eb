"""The real broker of the tests: it answers, and a kill loses nothing that was acknowledged."""

import pytest
from confluent_kafka import Consumer, Producer

from tests.kafka.broker import Broker

pytestmark = pytest.mark.kafka


def test_what_a_broker_acknowledged_is_there_after_it_is_killed_and_started_again(broker: Broker):
    broker.create({"survivors": 1})
    producer = Producer({"bootstrap.servers": broker.bootstrap, "acks": "all"})
    for number in range(10):
        producer.produce("survivors", value=str(number))
    assert producer.flush(20) == 0
    broker.kill()
    broker.start()
    reader = {"bootstrap.servers": broker.bootstrap, "group.id": "g", "log_level": 0}
    consumer = Consumer(reader | {"auto.offset.reset": "earliest"})
    consumer.subscribe(["survivors"])
    found = consumer.consume(10, timeout=30)
    consumer.close()
    assert [record.value() for record in found] == [str(number).encode() for number in range(10)]
