"""What a benchmark changes about the topics of its own broker."""

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from stream.bench.broker import APPLICATION
from topics.catalog import ALERTS, DECISIONS, ORDERS, catalogue
from topics.kafka import cluster

_TIMEOUT_S: Final = 30.0
BRIEFLY: Final = {
    "cleanup.policy": "delete", "retention.ms": "240000", "segment.bytes": str(64 << 20),
}  # fmt: skip
"""Half an hour at full load would fill a disk; nobody reads these records a second time."""


def keep_briefly(brokers: str) -> None:
    """Have the broker forget all records, the changelog's too, after a few minutes."""
    topics = [spec.name for spec in catalogue(partitions=1, application=APPLICATION)]
    set_topics(brokers, topics, BRIEFLY)


def stamp_appends(brokers: str) -> None:
    """Have the broker stamp orders, decisions and alerts with its own clock as it appends them."""
    topics = (ORDERS, DECISIONS, ALERTS)
    set_topics(brokers, topics, {"message.timestamp.type": "LogAppendTime"})


def set_topics(brokers: str, topics: Iterable[str], settings: Mapping[str, str]) -> None:
    """Change settings of topics."""
    changes = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    resources = [
        ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=changes)
        for topic in topics
    ]
    admin = cluster(brokers)  # a name of its own: it has to live until the answers are here
    for future in admin.incremental_alter_configs(resources).values():
        future.result(_TIMEOUT_S)
