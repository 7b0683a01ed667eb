"""What an error of the consumer of the links topic means: the end, or a line in the log."""

import logging
from collections import Counter

from confluent_kafka import KafkaError

LOG_EVERY_S = 60.0

ENDING = frozenset(
    {
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.ILLEGAL_SASL_STATE,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_ID,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNSUPPORTED_COMPRESSION_TYPE,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError._AUTHENTICATION,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNSUPPORTED_FEATURE,
    }
)
"""Errors that do not pass by themselves; without the links all entity features would be empty."""

log = logging.getLogger(__name__)


class LinkErrors:
    """Raises for errors that end reading, and logs each other kind once in `LOG_EVERY_S` seconds.

    >>> errors = LinkErrors("riskstream.links")
    >>> errors.heed(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "not allowed"), 0.0)
    Traceback (most recent call last):
    RuntimeError: TOPIC_AUTHORIZATION_FAILED: not allowed
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._logged_s: dict[int, float] = {}
        self._silent: Counter[int] = Counter()

    def heed(self, error: KafkaError, now_s: float) -> None:
        """Judge an error that came at ``now_s``, seconds of any clock that only goes on.

        Raises RuntimeError if it is fatal or one of `ENDING`.
        """
        code, what = error.code(), f"{error.name()}: {error.str()}"
        if error.fatal() or code in ENDING:
            raise RuntimeError(what)
        if now_s - self._logged_s.get(code, -LOG_EVERY_S) < LOG_EVERY_S:
            self._silent[code] += 1
            return
        self._logged_s[code] = now_s
        more = f" ({self._silent.pop(code)} more since the last line)" if self._silent[code] else ""
        log.warning("Reading %s goes on after %s%s", self._topic, what, more)
