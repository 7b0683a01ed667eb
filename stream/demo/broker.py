"""A Kafka broker without Kafka: the one that librdkafka carries for tests."""

from types import TracebackType
from typing import Final, Self

from confluent_kafka import Producer

from topics.kafka import client_config

PARTITIONS: Final = 4
"""Partitions of every topic, fixed in librdkafka."""

KEPT_BYTES: Final = 5_000_000
"""What a partition holds, fixed in librdkafka; older records vanish, read or not."""


class EmbeddedBroker:
    """A broker on a free loopback port, reachable by any client for as long as this is open.

    It keeps nothing on disk and creates a topic when somebody asks for it.
    """

    def __enter__(self) -> Self:
        # The broker lives in the client that asks for one; the address is replaced by its own.
        self._host = Producer(client_config("127.0.0.1:9", test_mock_num_brokers=1))
        brokers = self._host.list_topics(timeout=10).brokers.values()
        self.bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del self._host

    def create(self, *topics: str) -> None:
        """Make topics exist before anybody subscribes to them."""
        for topic in topics:
            self._host.list_topics(topic, timeout=10)
