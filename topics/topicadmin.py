"""Creating the topics of the catalogue on a cluster, and comparing a cluster with it."""

import time
from collections.abc import Sequence
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
)

from topics.catalog import TopicSpec
from topics.errors import InputError
from topics.kafka import cluster, copies_at, is_away, reason, topics_at, unreachable

_TIMEOUT_S: Final = 30.0
MISSING: Final = "does not exist"
"""How the sentence on a topic that is not there ends."""


def create_topics(brokers: str, specs: Sequence[TopicSpec]) -> list[str]:
    """Create the topics that do not exist; return their names. Those that exist stay as they are.

    Raises InputError where the cluster cannot be reached or refuses.
    """
    admin = cluster(brokers)
    missing = [spec for spec in specs if spec.name not in topics_at(admin, brokers)]
    if not missing:
        return []
    wanted = [
        NewTopic(spec.name, spec.partitions, spec.replication, config=spec.config())
        for spec in missing
    ]
    created = []
    for name, future in admin.create_topics(wanted, request_timeout=_TIMEOUT_S).items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                continue
            if is_away(error):
                raise unreachable(brokers, error) from error
            raise InputError(f"cannot create topic {name} at {brokers}: {reason(error)}") from error
        created.append(name)
    _wait_until_known(admin, brokers, created)
    return created


def _wait_until_known(admin: AdminClient, brokers: str, names: Sequence[str]) -> None:
    """Wait until the cluster shows topics that it has made, which takes it a moment."""
    until_s = time.monotonic() + _TIMEOUT_S
    while not topics_at(admin, brokers).keys() >= set(names):
        if time.monotonic() > until_s:
            raise InputError(f"Kafka at {brokers} made topics but does not show them; check again")
        time.sleep(0.1)


def check_topics(brokers: str, specs: Sequence[TopicSpec]) -> list[str]:
    """Return what a cluster has otherwise than the catalogue, a sentence each; empty: all fits.

    More copies than asked for are welcome. The retention of the shop's own topics is the shop's
    affair. Raises InputError where the
    cluster cannot be reached or does not say.
    """
    admin = cluster(brokers)
    found, copies = topics_at(admin, brokers), copies_at(admin, brokers)
    problems = [f"{spec.name} {MISSING}" for spec in specs if spec.name not in found]
    present = [spec for spec in specs if spec.name in found]
    configs = _configs(admin, brokers, [spec.name for spec in present])
    for spec in present:
        n = len(found[spec.name])
        if n != spec.partitions:
            problems.append(f"{spec.name} has {n} partitions, not {spec.partitions}")
        n = copies[spec.name]
        if n < spec.replication:
            problems.append(f"{spec.name} has replication {n}, less than {spec.replication}")
        for name, wanted in spec.config().items():
            if spec.direction == "in" and name == "retention.ms":
                continue
            value = configs[spec.name].get(name)
            if value != wanted:
                problems.append(f"{spec.name} has {name}={value}, not {wanted}")
    return problems


def _configs(admin: AdminClient, brokers: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not names:
        return {}
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    try:
        return {
            resource.name: {name: entry.value for name, entry in future.result().items()}
            for resource, future in admin.describe_configs(
                asked, request_timeout=_TIMEOUT_S
            ).items()
        }
    except KafkaException as error:
        raise InputError(f"Kafka at {brokers} does not show its topics: {reason(error)}") from error
