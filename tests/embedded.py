"""The broker inside librdkafka, for tests that need no durability."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import Producer


@contextmanager
def embedded_broker(topics: Iterable[str]) -> Iterator[str]:
    """Run a broker with these topics, of four partitions each, and give its address."""
    owner = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    address = next(iter(owner.list_topics(timeout=10).brokers.values()))
    for topic in topics:
        owner.list_topics(topic, timeout=10)  # asking for a topic makes it
    yield f"{address.host}:{address.port}"
    owner.flush()
