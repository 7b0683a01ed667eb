"""What a worker needs to know about the topics of the cluster, and the ones it makes itself."""

import dataclasses
import zlib
from collections.abc import Iterable
from typing import Any

from confluent_kafka import TopicCollection

from stream.worker.processor import SOURCES
from stream.worker.settings import WorkerSettings
from topics.catalog import catalogue
from topics.errors import InputError
from topics.kafka import cluster, topics_at
from topics.topicadmin import create_topics

TIMEOUT_S = 20.0
BROKERS_DEFAULT = -1
"""Replication of the topics that a worker makes: whatever the cluster has as its default."""


class Cluster:
    """Looks at topics through an admin client; the embedded broker answers less, see `lives`."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._admin = cluster(settings.brokers)

    def prepare(self, outputs: Iterable[str]) -> None:
        """Check that all topics exist and fit together; make the changelog and links topics.

        Raises InputError naming the topic that is missing or has another number of partitions.
        """
        settings, prefix = self._settings, self._settings.topic_prefix
        internal = [settings.changelog, settings.links]
        fitting = [*(prefix + source for source in SOURCES), *internal]
        written = [prefix + output for output in outputs]
        if settings.embedded_broker:  # it makes a topic when somebody asks for it
            for topic in [*fitting, *written]:
                self._admin.list_topics(topic, timeout=TIMEOUT_S)
        else:
            specs = catalogue(partitions=settings.partitions, application=settings.application)
            own = [spec for spec in specs if spec.name in internal]
            create_topics(
                settings.brokers,
                [dataclasses.replace(spec, replication=BROKERS_DEFAULT) for spec in own],
            )
        found = topics_at(self._admin, settings.brokers)
        for topic in [*fitting, *written]:
            if topic not in found:
                raise InputError(
                    f"topic {topic} does not exist on {settings.brokers}; "
                    "create it with `riskstream topics create`"
                )
            if topic in fitting and len(found[topic]) != settings.partitions:
                raise InputError(
                    f"topic {topic} has {len(found[topic])} partitions and the setting "
                    f"`partitions` is {settings.partitions}; input and internal topics must all "
                    "have that many"
                )

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
