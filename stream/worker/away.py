"""What to say where Kafka itself keeps a worker from beginning."""

from aiokafka.errors import KafkaConnectionError, KafkaError
from confluent_kafka import KafkaException

from topics.errors import UnreachableError
from topics.kafka import is_away, reason

KAFKA_FAILURES = (UnreachableError, KafkaException, KafkaError)
"""Errors after which a worker may as well be started again as it is."""


def told(error: Exception, brokers: str) -> str:
    """Return an error of Kafka as a sentence.

    >>> told(KafkaConnectionError("nobody listens"), "host:9092")
    'cannot reach Kafka at host:9092 (KafkaConnectionError: nobody listens)'
    """
    if isinstance(error, UnreachableError):
        return str(error)
    is_silent = isinstance(error, KafkaConnectionError)
    if isinstance(error, KafkaException):
        is_silent = is_away(error)
    why = reason(error) if isinstance(error, KafkaException) else str(error)
    what = "cannot reach Kafka at {}" if is_silent else "Kafka at {} did not do what was asked"
    return f"{what.format(brokers)} ({why})"
