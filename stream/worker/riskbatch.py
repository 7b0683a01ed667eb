"""A batch of records, decoded and grouped by user."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.users import LABEL_STEP, Steps, steps_by_user
from stream.worker.processor import RecordBatch
from topics.columns import EventBatch, Rows
from topics.deadletter import Bad
from topics.decode import Decoder
from topics.vocabulary import EVENT_TYPES

LABELS: Final = 3
"""The source number of the labels' topic."""


@dataclass(frozen=True, eq=False)
class RiskBatch:
    """A decoded batch: events, or labels. ``offsets`` int64[n] are those of the good records.

    ``users`` are the tokens of the users touched, ``keys`` their keys, ``steps`` what happens to
    each; ``values`` are all records and ``positions`` int64[n] the places of the good ones among
    them; ``read_s`` is when decoding began.
    """

    events: EventBatch | None
    labels: Rows | None
    offsets: NDArray[np.int64]
    users: NDArray[np.uint64]
    steps: Steps
    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    positions: NDArray[np.int64]
    bad: Sequence[Bad]
    read_s: float


def read_batch(batch: RecordBatch, decoder: Decoder) -> RiskBatch:
    """Decode a batch and group it by user; bad records are set apart."""
    began = time.monotonic()
    stamps, keys = batch.timestamps_ms, batch.keys
    if batch.source == LABELS:
        read = decoder.labels(batch.values, record_ms=stamps, keys=keys)
        users, ids, rows = read.batch.rows["user"], read.batch.user_ids, read.batch.rows
        events, bad, index = None, read.bad, read.index
    else:
        hint = EVENT_TYPES[batch.source]
        found = decoder.events(batch.values, type_hint=hint, record_ms=stamps, keys=keys)
        users, ids, rows = found.batch.rows["user"], found.batch.user_ids, None
        events, bad, index = found.batch, found.bad, found.index
    tokens, steps = steps_by_user(users)
    if rows is not None:
        steps = Steps(steps.starts, np.full(len(users), LABEL_STEP, np.uint8), steps.rows)
    firsts = steps.rows[steps.starts[:-1]].tolist()
    return RiskBatch(
        events,
        rows,
        batch.offsets[index],
        tokens,
        steps,
        [ids[i].encode() for i in firsts],
        batch.values,
        index,
        bad,
        began,
    )
