"""Reading a topic from its beginning, or from a time on, to where it ends now or for ever."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from topics.errors import InputError
from topics.kafka import REACH_S, client_config, reason, topics_at, unreachable

_CONFIG: Final = {
    "group.id": "riskstream-reader",  # never committed: every reader starts where it wants
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.queue.backoff.ms": 10,  # else librdkafka pauses a second whenever its queue was full
    "fetch.wait.max.ms": 50,
    "fetch.message.max.bytes": 8 << 20,
    "queued.max.messages.kbytes": 65_536,
}
_SILENCE_S: Final = 30.0
_WAIT_S: Final = 1.0


class Taken(NamedTuple):
    """Some records of a topic, as columns of one length; within a partition in its order."""

    partitions: list[int]
    offsets: list[int]
    timestamps_ms: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]


def read_topic(
    brokers: str,
    topic: str,
    *,
    from_ms: int | None = None,
    partitions: Collection[int] | None = None,
    starts: Mapping[int, int] | None = None,
    follow: bool = False,
    n_records: int = 5_000,
) -> Iterator[Taken]:
    """Yield the records of a topic, at most ``n_records`` at a time.

    ``from_ms``: only those whose Kafka timestamp is not earlier; ``partitions``: only these;
    ``starts``: only those of these partitions, from these offsets on.
    Reads to the end that each partition has when the reading begins, or for ever with ``follow``
    (an empty result, then, about once a second while nothing comes). Raises InputError where the
    cluster or the topic is not there, or falls silent for 30 s before the end.
    """
    try:
        consumer = Consumer({**client_config(brokers), **_CONFIG})
    except KafkaException as error:
        raise unreachable(brokers, error) from error
    try:
        if starts is None:
            ends = _assign(consumer, brokers, topic, from_ms, partitions)
        else:
            ends = _assign_at(consumer, brokers, topic, starts)
        yield from _take(consumer, brokers, topic, None if follow else ends, n_records)
    finally:
        consumer.close()


def n_records_in(brokers: str, topic: str) -> int:
    """Return about how many records a topic holds: the ends less the beginnings."""
    return sum(high - low for low, high in bounds(brokers, topic).values())


def bounds(brokers: str, topic: str) -> dict[int, tuple[int, int]]:
    """Return the first offset of each partition of a topic, and the one after its last record.

    Raises InputError where the cluster or the topic is not there.
    """
    consumer = Consumer({**client_config(brokers), **_CONFIG})
    try:
        return {
            number: _bounds(consumer, brokers, TopicPartition(topic, number))
            for number in _partitions(consumer, brokers, topic)
        }
    finally:
        consumer.close()


def _partitions(consumer: Any, brokers: str, topic: str) -> list[int]:
    found = topics_at(consumer, brokers)
    if topic not in found:
        raise InputError(
            f"topic {topic} does not exist at {brokers}; run `riskstream topics create`"
        )
    return found[topic]


def _bounds(consumer: Any, brokers: str, place: TopicPartition) -> tuple[int, int]:
    try:
        found = consumer.get_watermark_offsets(place, timeout=REACH_S)
    except KafkaException as error:
        raise unreachable(brokers, error) from error
    if found is None:
        raise InputError(f"Kafka at {brokers} went silent while {place.topic} was read; try again")
    return int(found[0]), int(found[1])


def _assign(
    consumer: Any, brokers: str, topic: str, from_ms: int | None, wanted: Collection[int] | None
) -> dict[int, int]:
    """Point the consumer to its beginnings; return where the non-empty partitions end."""
    found = [p for p in _partitions(consumer, brokers, topic) if wanted is None or p in wanted]
    ends = {p: _bounds(consumer, brokers, TopicPartition(topic, p)) for p in found}
    if from_ms is None:
        places = [TopicPartition(topic, p, OFFSET_BEGINNING) for p in found]
    else:
        asked = [TopicPartition(topic, p, from_ms) for p in found]
        places = consumer.offsets_for_times(asked, timeout=REACH_S)  # none so late: its end
    consumer.assign(places)
    return {p: high for p, (low, high) in ends.items() if high > low}


def _assign_at(
    consumer: Any, brokers: str, topic: str, starts: Mapping[int, int]
) -> dict[int, int]:
    """Point the consumer to offsets; return where the partitions end that have more than that."""
    places = [TopicPartition(topic, number, start) for number, start in starts.items()]
    ends = {place.partition: _bounds(consumer, brokers, place)[1] for place in places}
    consumer.assign(places)
    return {number: end for number, end in ends.items() if end > starts[number]}


def _arrived(consumer: Any, n_records: int) -> list[Any]:
    """Return what is there, after waiting for the first: `consume` alone waits for the last."""
    first = consumer.poll(_WAIT_S)
    if first is None:
        return []
    return [first, *consumer.consume(n_records - 1, timeout=0)] if n_records > 1 else [first]


def _take(
    consumer: Any, brokers: str, topic: str, ends: dict[int, int] | None, n_records: int
) -> Iterator[Taken]:
    silent_s = 0.0
    while ends is None or ends:
        messages = _arrived(consumer, n_records)
        silent_s = 0.0 if messages else silent_s + _WAIT_S
        if ends is not None and silent_s > _SILENCE_S:
            raise InputError(f"Kafka at {brokers} went silent while {topic} was read; try again")
        ended = _ended(messages, brokers, topic)
        records = (
            [message for message in messages if message.error() is None] if ended else messages
        )
        if ends is not None:
            records = _before(ends, records)
            for partition in ended:
                ends.pop(partition, None)
        if records or ends is None:
            yield Taken(
                [record.partition() for record in records],
                [record.offset() for record in records],
                [record.timestamp()[1] for record in records],
                [record.key() for record in records],
                [record.value() for record in records],
            )


def _ended(messages: list[Any], brokers: str, topic: str) -> list[int]:
    """Return the partitions of which messages say that there is no more."""
    ended = []
    for message in messages:
        if error := message.error():
            if error.code() != KafkaError._PARTITION_EOF:
                raise InputError(f"cannot read {topic} at {brokers}: {reason(error)}")
            ended.append(message.partition())
    return ended


def _before(ends: dict[int, int], records: list[Any]) -> list[Any]:
    """Leave out what stands behind the ends, and forget the ends that are reached."""
    last = {record.partition(): record.offset() for record in records}
    reached = [number for number, offset in last.items() if offset >= ends.get(number, 0) - 1]
    if reached:
        records = [r for r in records if r.offset() < ends.get(r.partition(), 0)]
        for number in reached:
            ends.pop(number, None)
    return records
