"""What a worker needs to know about the topics of the cluster, and the ones it makes itself."""

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from stream.worker.processor import SOURCES
from stream.worker.settings import WorkerSettings
from topics.errors import InputError

TIMEOUT_S = 20.0
HOUR_MS = 3_600_000
CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    # Recovery must still find the newer record where a paused former owner wrote behind it.
    "min.compaction.lag.ms": str(6 * HOUR_MS),
}
LINKS_CONFIG = {"cleanup.policy": "delete", "retention.ms": str(31 * 24 * HOUR_MS)}


class Cluster:
    """Looks at topics through an admin client; the embedded broker answers less, see `lives`."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        options: dict[str, Any] = {"bootstrap.servers": settings.brokers, "log_level": 2}
        self._admin = AdminClient(options)

    def prepare(self, outputs: Iterable[str]) -> None:
        """Check that all topics exist and fit together; make the changelog and links topics.

        Raises InputError naming the topic that is missing or has another number of partitions.
        """
        settings = self._settings
        internal = {settings.changelog: CHANGELOG_CONFIG, settings.links: LINKS_CONFIG}
        prefix = settings.topic_prefix
        fitting = [*(prefix + source for source in SOURCES), *internal]
        written = [prefix + output for output in outputs]
        found = self._partitions([*fitting, *written])
        missing = [topic for topic in internal if not found.get(topic)]
        for topic in missing:
            self._create(topic, internal[topic])
            found[topic] = settings.partitions
        for topic in [*fitting, *written]:
            if not found.get(topic):
                raise InputError(
                    f"topic {topic} does not exist on {settings.brokers}; "
                    "create it with `riskstream topics create`"
                )
            if topic in fitting and found[topic] != settings.partitions:
                raise InputError(
                    f"topic {topic} has {found[topic]} partitions and the setting `partitions` is "
                    f"{settings.partitions}; input and internal topics must all have that many"
                )

    def _partitions(self, topics: Iterable[str]) -> dict[str, int]:
        try:
            if self._settings.embedded_broker:  # it makes a topic when somebody asks for it
                for topic in topics:
                    self._admin.list_topics(topic, timeout=TIMEOUT_S)
            listed = self._admin.list_topics(timeout=TIMEOUT_S).topics
        except KafkaException as error:
            raise InputError(
                f"no Kafka broker answers at {self._settings.brokers} ({error}); start it, or "
                "name another with RISKSTREAM_BROKERS"
            ) from None
        return {name: len(topic.partitions) for name, topic in listed.items()}

    def _create(self, topic: str, config: Mapping[str, str]) -> None:
        new = NewTopic(topic, self._settings.partitions, config=dict(config))
        try:
            self._admin.create_topics([new])[topic].result(TIMEOUT_S)
        except KafkaException as error:
            if "TOPIC_ALREADY_EXISTS" not in str(error):  # another worker may have been faster
                raise InputError(f"topic {topic} cannot be created: {error}") from None

    def lives(self, topics: Iterable[str]) -> dict[str, int]:
        """Return a number that changes when a topic is deleted and made again; 0: unknown.

        It is a checksum of the topic's id. The embedded broker has no ids.
        """
        names = list(topics)
        if self._settings.embedded_broker:
            return dict.fromkeys(names, 0)
        futures = self._admin.describe_topics(TopicCollection(names), request_timeout=TIMEOUT_S)
        return {
            name: life_of(future.result(TIMEOUT_S).topic_id) for name, future in futures.items()
        }


def life_of(topic_id: Any) -> int:
    """Return 32 bits that stand for a topic's id; 0 only where there is none."""
    text = str(topic_id) if topic_id is not None else ""
    return (zlib.crc32(text.encode()) or 1) if text else 0
