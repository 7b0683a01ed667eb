"""Reaching a Kafka cluster with confluent-kafka, and its failures as sentences."""

import logging
import re
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from topics.errors import InputError, UnreachableError

REACH_S: Final = 6.0
"""How long a cluster may take to answer at first."""

_AWAY: Final = {
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError.REQUEST_TIMED_OUT,
}
_ADDRESSES: Final = re.compile(r"[^\s,/]+:\d{1,5}(,[^\s,/]+:\d{1,5})*")
_quiet: Final = logging.getLogger("riskstream.kafka")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


def client_config(brokers: str, **more: Any) -> dict[str, Any]:
    """Return what every client of ours is configured with; ``more`` wins.

    librdkafka's own log is not printed: what matters comes back as an error. Raises InputError
    where ``brokers`` is not a list of addresses.
    """
    if not _ADDRESSES.fullmatch(brokers):
        raise InputError(f"--brokers is {brokers!r}; it must be HOST:PORT[,HOST:PORT...]")
    return {
        "bootstrap.servers": brokers,
        "client.id": "riskstream",
        "logger": _quiet,
        "socket.timeout.ms": 10_000,
        **{name.replace("_", "."): value for name, value in more.items()},
    }


def cluster(brokers: str) -> AdminClient:
    """Return an admin client of a cluster that answers; raises UnreachableError if none does."""
    admin = AdminClient(client_config(brokers))
    topics_at(admin, brokers)
    return admin


def topics_at(client: Any, brokers: str) -> dict[str, list[int]]:
    """Return the topics of a client's cluster with the numbers of their partitions.

    Raises UnreachableError where nobody answers in time.
    """
    found = _metadata(client, brokers)
    return {name: sorted(topic.partitions) for name, topic in found.items()}


def copies_at(client: Any, brokers: str) -> dict[str, int]:
    """Return the topics of a client's cluster with the copies of the partition that has the least.

    Raises UnreachableError where nobody answers in time.
    """
    found = _metadata(client, brokers)
    return {
        name: min((len(part.replicas) for part in topic.partitions.values()), default=0)
        for name, topic in found.items()
    }


def _metadata(client: Any, brokers: str) -> dict[str, Any]:
    try:
        topics: dict[str, Any] = client.list_topics(timeout=REACH_S).topics
    except KafkaException as error:
        raise unreachable(brokers, error) from error
    return topics


def is_away(error: KafkaException) -> bool:
    """Tell whether an error says that nobody answered, rather than what the answer was.

    >>> is_away(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
    True
    >>> is_away(KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)))
    False
    """
    cause = error.args[0] if error.args else None
    return isinstance(cause, KafkaError) and cause.code() in _AWAY


def unreachable(brokers: str, error: KafkaException | KafkaError) -> UnreachableError:
    """Return the error of a cluster that does not answer."""
    return UnreachableError(
        f"cannot reach Kafka at {brokers}; start it or give another --brokers ({reason(error)})"
    )


def reason(error: KafkaException | KafkaError) -> str:
    """Return an error of librdkafka in its own words, on one line."""
    cause = error.args[0] if isinstance(error, KafkaException) and error.args else error
    text = cause.str() if isinstance(cause, KafkaError) else str(cause)
    return " ".join(text.split())
