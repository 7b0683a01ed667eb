"""Sending records: with every acknowledgement, as fast as the broker takes them or paced."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Self

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from topics.errors import InputError
from topics.kafka import client_config, reason, topics_at, unreachable
from topics.sorting import Timed
from topics.timed import keys

Progress = Callable[[int], None]
"""Is told how many more records were handed over."""

_CONFIG: Final = {
    "acks": "all",
    "enable.idempotence": True,
    "partitioner": "murmur2_random",  # as Java and aiokafka place keys; librdkafka's own differs
    "delivery.report.only.error": True,
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 131_072,
    "batch.size": 1_000_000,
    "message.timeout.ms": 60_000,
}
_SLEEP_S: Final = 0.02


class Sender:
    """Sends records to topics; leaving its ``with`` block waits until all are acknowledged.

    Records of one key arrive in the order in which they were sent, each once (idempotence).
    Raises InputError where the cluster cannot be reached, at the start within about 8 s, or
    refuses a record, at the next call.
    """

    def __init__(self, brokers: str, *, linger_ms: float = 20.0, **more: Any) -> None:
        self._brokers = brokers
        self._failed: KafkaError | None = None
        try:
            config = {**client_config(brokers, linger_ms=linger_ms, **more), **_CONFIG}
            self._producer = Producer({**config, "on_delivery": self._delivered})
        except KafkaException as error:
            raise unreachable(brokers, error) from error
        self._topics = set(topics_at(self._producer, brokers))

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._failed = self._failed or error

    def require(self, topics: Iterable[str]) -> None:
        """Raise InputError where one of the topics does not exist."""
        for topic in topics:
            if topic not in self._topics:
                raise InputError(
                    f"topic {topic} does not exist at {self._brokers}; "
                    "run `riskstream topics create`"
                )

    def send(self, topic: str, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Hand over records of one topic; waits while too many are unacknowledged."""
        self.require([topic])
        produce, poll = self._producer.produce, self._producer.poll
        for key, value in zip(keys, values, strict=True):
            while True:
                try:
                    produce(topic, value, key)
                    break
                except BufferError:
                    poll(0.05)
                    self._raise_failure()
                except KafkaException as error:
                    raise InputError(
                        f"Kafka does not take a record of {len(value or b'')} bytes for {topic} "
                        f"({reason(error)}); remove the record"
                    ) from error
        poll(0)
        self._raise_failure()

    def flush(self) -> None:
        """Wait until everything handed over is acknowledged."""
        while self._producer.flush(0.5) and self._failed is None:
            pass
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failed is not None:
            raise InputError(
                f"Kafka at {self._brokers} did not take all records ({reason(self._failed)}); "
                "mend it and send again"
            )

    def wait(self, seconds: float) -> None:
        """Let time pass while records are sent."""
        self._producer.flush(0)
        time.sleep(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.flush()
        else:
            self._producer.purge()


def produce(
    sender: Sender,
    parts: Iterable[Timed],
    topic_of: Sequence[str],
    *,
    speed: float | None = None,
    progress: Progress = lambda _: None,
) -> int:
    """Send sorted records, each to the topic of its tag and keyed by its user; return how many.

    ``topic_of[tag]`` is the topic's name. ``speed``: event time passes this many times as fast as
    the clock, counted from the first record; None: as fast as the broker takes them. Returns when
    the last record is handed over: leave the sender's block to have it acknowledged.
    """
    n = 0
    pace = None if speed is None else _Pace(speed)
    for part in parts:
        start = 0
        while start < len(part.values):
            stop = len(part.values) if pace is None else pace.due(part, start)
            if stop == start:
                sender.wait(_SLEEP_S)
                continue
            _send(sender, part.cut(start, stop), topic_of)
            progress(stop - start)
            n += stop - start
            start = stop
    return n


def _send(sender: Sender, part: Timed, topic_of: Sequence[str]) -> None:
    # In stretches of one topic, so that the topics keep pace with each other record by record.
    edges = np.flatnonzero(np.diff(part.tags)) + 1
    names = keys(part.values)
    for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), len(names)], strict=True):
        topic = topic_of[int(part.tags[start])]
        sender.send(topic, names[start:stop], part.values[start:stop])


class _Pace:
    """Says how far a part is due, when event time passes ``speed`` times as fast as the clock."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began: tuple[float, int] | None = None

    def due(self, part: Timed, start: int) -> int:
        now_s = time.monotonic()
        if self._began is None:
            self._began = now_s, int(part.times[start])
        began_s, first_ms = self._began
        limit_ms = first_ms + int((now_s - began_s) * 1000 * self._speed)
        return max(start, int(np.searchsorted(part.times, limit_ms, "right")))
