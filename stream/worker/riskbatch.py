"""Batches of records, decoded together and grouped by user."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.users import LABEL_STEP, Steps, steps_by_user
from stream.worker.processor import LABELS, RecordBatch
from topics.columns import EventBatch, Rows
from topics.deadletter import Bad
from topics.decode import DecodedEvents, DecodedLabels, Decoder

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
class _Joined:
    """The records of all batches; ``numbers`` int64[n] says of which batch each is."""

    batches: Sequence[RecordBatch]
    numbers: NDArray[np.int64]
    values: list[bytes | None]
    keys: list[bytes | None]
    stamps: NDArray[np.int64]
    offsets: NDArray[np.int64]
    sources: NDArray[np.int8]


def read_batches(batches: Sequence[RecordBatch], decoder: Decoder) -> RiskBatch:
    """Decode batches and group them by user; bad records are set apart."""
    began = time.monotonic()
    joined = _joined(batches)
    if batches[0].source == LABELS:
        labels = decoder.labels(joined.values, record_ms=joined.stamps, keys=joined.keys)
        return _grouped(joined, labels, None, labels.batch.rows, began)
    found = decoder.events(
        joined.values, type_hint=joined.sources, record_ms=joined.stamps, keys=joined.keys
    )
    return _grouped(joined, found, found.batch, None, began)


def _joined(batches: Sequence[RecordBatch]) -> _Joined:
    """Put batches one behind another: those of orders first, so that browsing sees them."""
    order = sorted(range(len(batches)), key=lambda i: batches[i].source)
    ordered = [batches[i] for i in order]
    sizes = [len(batch) for batch in ordered]
    if len(ordered) == 1:
        values, keys = ordered[0].values, ordered[0].keys
    else:
        values = [value for batch in ordered for value in batch.values]
        keys = [key for batch in ordered for key in batch.keys]
    return _Joined(
        batches,
        np.repeat(np.array(order, np.int64), sizes),
        values,
        keys,
        np.concatenate([batch.timestamps_ms for batch in ordered]),
        np.concatenate([batch.offsets for batch in ordered]),
        np.repeat(np.array([batch.source for batch in ordered], np.int8), sizes),
    )


def _grouped(
    joined: _Joined,
    found: DecodedEvents | DecodedLabels,
    events: EventBatch | None,
    labels: Rows | None,
    began: float,
) -> RiskBatch:
    batches, at = joined.batches, found.index
    origin = joined.numbers[at]
    partition = np.array([batch.partition for batch in batches], np.int64)[origin]
    rows = labels if events is None else events.rows
    assert rows is not None
    who = rows["user"] ^ (partition.astype(np.uint64) * SALT)
    users, steps = steps_by_user(who)
    if events is None:
        steps = Steps(steps.starts, np.full(len(who), LABEL_STEP, np.uint8), steps.rows)
    firsts = steps.rows[steps.starts[:-1]]
    ids = found.batch.user_ids
    return RiskBatch(
        events,
        labels,
        joined.offsets[at],
        origin,
        joined.sources[at].astype(np.int64),
        partition,
        who,
        users,
        steps,
        [ids[i].encode() for i in firsts.tolist()],
        partition[firsts],
        joined.values,
        at,
        _bad(joined, found.bad),
        began,
    )


def _bad(joined: _Joined, found: Sequence[Bad]) -> list[list[Bad]]:
    """Give each batch its bad records, by their positions in it."""
    bad: list[list[Bad]] = [[] for _ in joined.batches]
    for item in found:
        number = int(joined.numbers[item.position])
        first = int(np.argmax(joined.numbers == number))
        bad[number].append(replace(item, position=item.position - first))
    return bad
