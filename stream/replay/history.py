"""History as slices in event-time order, whatever the order of its files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.users import EVENT_STEP, LABEL_STEP, Steps, steps_by_user
from topics.columns import EventBatch, LabelBatch
from topics.decode import Decoder
from topics.errors import InputError
from topics.sorting import Timed, sort_by_time
from topics.timed import LABEL_TAG, read_timed


@dataclass(frozen=True, eq=False)
class Slice:
    """Consecutive events and labels of a history.

    A label's turn comes when it became known; at equal times labels come first. ``steps`` groups
    both by user, ``users`` are the users' tokens; ``event_seq`` and ``label_seq`` are the turns.
    """

    events: EventBatch
    labels: LabelBatch
    users: NDArray[np.uint64]
    steps: Steps
    event_seq: NDArray[np.int64]
    label_seq: NDArray[np.int64]


def read_history(
    paths: Sequence[Path], decoder: Decoder, *, until_ms: int | None = None
) -> Iterator[Slice]:
    """Yield the events and labels of ``paths`` in the order in which they became known.

    Labels must come before events in ``paths`` for labels to win at equal times. Records from
    ``until_ms`` on are left out. Raises InputError for a record that cannot be decoded.
    """
    chunks = (part for path in paths for part in read_timed(path))
    for part in sort_by_time(chunks):
        if until_ms is not None and len(part.times) and part.times[0] >= until_ms:
            return
        n = len(part.times)
        if until_ms is not None:
            n = int(np.searchsorted(part.times, until_ms))
        yield _slice(part.cut(0, n), decoder)


def _slice(part: Timed, decoder: Decoder) -> Slice:
    label_seq = np.flatnonzero(part.tags == LABEL_TAG)
    event_seq = np.flatnonzero(part.tags != LABEL_TAG)
    events = decoder.events([part.values[i] for i in event_seq.tolist()])
    labels = decoder.labels([part.values[i] for i in label_seq.tolist()])
    for bad in events.bad + labels.bad:
        raise InputError(f"history has a record that is {bad.reason}: {bad.detail}")
    tokens = np.zeros(len(part.times), np.uint64)
    tokens[event_seq] = events.batch.rows["user"]
    tokens[label_seq] = labels.batch.rows["user"]
    users, steps = steps_by_user(tokens)
    row_of = np.zeros(len(tokens), np.int64)
    row_of[event_seq] = np.arange(len(event_seq))
    row_of[label_seq] = np.arange(len(label_seq))
    kinds = np.where(part.tags == LABEL_TAG, LABEL_STEP, EVENT_STEP).astype(np.uint8)
    ordered = Steps(steps.starts, kinds[steps.rows], row_of[steps.rows])
    return Slice(events.batch, labels.batch, users, ordered, event_seq, label_seq)
