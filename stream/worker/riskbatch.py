"""Batches of records, decoded together and grouped by user."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.users import LABEL_STEP, Steps, steps_by_user
from stream.worker.processor import LABELS, RecordBatch
from topics.columns import EventBatch, Rows, concatenated
from topics.deadletter import Bad
from topics.decode import DecodedEvents, DecodedLabels, Decoder
from topics.vocabulary import EVENT_TYPES

SALT: Final = np.uint64(0x9E3779B97F4A7C15)
"""Times the partition, keeps apart what a user has in two partitions (2^64 / golden ratio)."""


@dataclass(frozen=True, eq=False)
class RiskBatch:
    """Decoded batches: events, or labels. There are ``n`` good records.

    ``offsets`` int64[n]; ``origin`` int64[n] says of which batch each is, ``source`` and
    ``partition`` int64[n] what that batch has. ``who`` uint64[n] stands for a user in a partition:
    ``users`` has them once, ``keys`` and ``partitions`` are theirs, and ``steps`` is what happens
    to each. ``values`` are all records and ``positions`` int64[n] the places of the good ones among
    them; ``read_s`` is when decoding began.
    """

    events: EventBatch | None
    labels: Rows | None
    offsets: NDArray[np.int64]
    origin: NDArray[np.int64]
    source: NDArray[np.int64]
    partition: NDArray[np.int64]
    who: NDArray[np.uint64]
    users: NDArray[np.uint64]
    steps: Steps
    keys: Sequence[bytes]
    partitions: NDArray[np.int64]
    values: Sequence[bytes | None]
    positions: NDArray[np.int64]
    bad: Sequence[Sequence[Bad]]
    read_s: float

    def take(self, at: NDArray[np.int64]) -> tuple[EventBatch, NDArray[np.uint64], Steps]:
        """Return the events at ``at``, their users, and what happens to each of those."""
        assert self.events is not None
        return self.events.take(at), *steps_by_user(self.who[at])


@dataclass(frozen=True, eq=False)
class _Topic:
    """The batches of one topic, ``numbers`` among all of them, as one."""

    numbers: list[int]
    batches: list[RecordBatch]
    values: list[bytes | None]
    keys: list[bytes | None]
    stamps: NDArray[np.int64]
    offsets: NDArray[np.int64]
    origin: NDArray[np.int64]


def read_batches(batches: Sequence[RecordBatch], decoder: Decoder) -> RiskBatch:
    """Decode batches and group them by user; bad records are set apart."""
    began = time.monotonic()
    topics = [_topic(batches, source) for source in sorted({b.source for b in batches})]
    if topics[0].batches[0].source == LABELS:
        (topic,) = topics
        labels = decoder.labels(topic.values, record_ms=topic.stamps, keys=topic.keys)
        return _grouped(batches, topics, [labels], None, labels.batch.rows, began)
    found = [
        decoder.events(
            topic.values, type_hint=EVENT_TYPES[topic.batches[0].source],
            record_ms=topic.stamps, keys=topic.keys,
        )
        for topic in topics
    ]  # fmt: skip
    parts = [part.batch for part in found]
    events = parts[0] if len(parts) == 1 else concatenated(parts)
    return _grouped(batches, topics, found, events, None, began)


def _topic(batches: Sequence[RecordBatch], source: int) -> _Topic:
    numbers = [i for i, batch in enumerate(batches) if batch.source == source]
    mine = [batches[i] for i in numbers]
    if len(mine) == 1:
        (one,) = mine
        values, keys, stamps, offsets = one.values, one.keys, one.timestamps_ms, one.offsets
    else:
        values = [value for batch in mine for value in batch.values]
        keys = [key for batch in mine for key in batch.keys]
        stamps = np.concatenate([batch.timestamps_ms for batch in mine])
        offsets = np.concatenate([batch.offsets for batch in mine])
    origin = np.repeat(np.array(numbers, np.int64), [len(batch) for batch in mine])
    return _Topic(numbers, mine, values, keys, stamps, offsets, origin)


def _grouped(
    batches: Sequence[RecordBatch],
    topics: Sequence[_Topic],
    found: Sequence[DecodedEvents | DecodedLabels],
    events: EventBatch | None,
    labels: Rows | None,
    began: float,
) -> RiskBatch:
    before = np.cumsum([0, *(len(topic.values) for topic in topics)])
    pairs = list(zip(topics, found, before.tolist(), strict=False))
    origin = np.concatenate([topic.origin[part.index] for topic, part, _ in pairs])
    partition = np.array([batch.partition for batch in batches], np.int64)[origin]
    rows = labels if events is None else events.rows
    assert rows is not None
    who = rows["user"] ^ (partition.astype(np.uint64) * SALT)
    users, steps = steps_by_user(who)
    if events is None:
        steps = Steps(steps.starts, np.full(len(who), LABEL_STEP, np.uint8), steps.rows)
    firsts = steps.rows[steps.starts[:-1]]
    ids = [user_id for part in found for user_id in part.batch.user_ids]
    bad: list[list[Bad]] = [[] for _ in batches]
    for topic, part, _ in pairs:
        begins = np.cumsum([0, *(len(batch) for batch in topic.batches)])
        for item in part.bad:
            which = int(np.searchsorted(begins, item.position, side="right")) - 1
            own = replace(item, position=item.position - int(begins[which]))
            bad[topic.numbers[which]].append(own)
    return RiskBatch(
        events,
        labels,
        np.concatenate([topic.offsets[part.index] for topic, part, _ in pairs]),
        origin,
        np.array([batch.source for batch in batches], np.int64)[origin],
        partition,
        who,
        users,
        steps,
        [ids[i].encode() for i in firsts.tolist()],
        partition[firsts],
        topics[0].values if len(topics) == 1 else [v for topic in topics for v in topic.values],
        np.concatenate([part.index + start for _, part, start in pairs]),
        bad,
        began,
    )
