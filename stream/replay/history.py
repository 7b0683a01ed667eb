"""History as slices in event-time order, whatever the order of its files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.users import EVENT_STEP, LABEL_STEP, Steps, steps_by_user
from stream.replay.badrecords import BadRecords
from topics.columns import EventBatch, LabelBatch
from topics.decode import Decoder
from topics.sorting import Timed, settle_ties, sort_by_time
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
    paths: Sequence[Path],
    decoder: Decoder,
    *,
    until_ms: int | None = None,
    bad: BadRecords | None = None,
) -> Iterator[Slice]:
    """Yield the events and labels of ``paths`` in the order in which they became known.

    The order does not depend on that of the files or of the records in them: at equal times labels
    go first. Records from ``until_ms`` on are left out. Those that cannot be read go to ``bad``;
    without that, InputError is raised for the first.
    """
    bad = bad or BadRecords(refuse=True)
    chunks = (part for path in paths for part in read_timed(path, bad.unreadable))
    for part in settle_ties(sort_by_time(chunks), LABEL_TAG):
        if until_ms is not None and len(part.times) and part.times[0] >= until_ms:
            return
        n = len(part.times)
        if until_ms is not None:
            n = int(np.searchsorted(part.times, until_ms))
        yield _slice(part.cut(0, n), decoder, bad)


def _slice(part: Timed, decoder: Decoder, bad: BadRecords) -> Slice:
    label_seq = np.flatnonzero(part.tags == LABEL_TAG)
    event_seq = np.flatnonzero(part.tags != LABEL_TAG)
    events = decoder.events([part.values[i] for i in event_seq.tolist()])
    labels = decoder.labels([part.values[i] for i in label_seq.tolist()])
    for seq, found in ((event_seq, events.bad), (label_seq, labels.bad)):
        for one in found:
            bad.refused(part.values[seq[one.position]], f"{one.reason}: {one.detail}")
    event_seq, label_seq = event_seq[events.index], label_seq[labels.index]
    turns = np.concatenate([event_seq, label_seq])
    order = np.argsort(turns)
    tokens = np.concatenate([events.batch.rows["user"], labels.batch.rows["user"]])[order]
    rows = np.concatenate([np.arange(len(event_seq)), np.arange(len(label_seq))])[order]
    is_label = (np.arange(len(turns)) >= len(event_seq))[order]
    users, steps = steps_by_user(tokens)
    kinds = np.where(is_label, LABEL_STEP, EVENT_STEP).astype(np.uint8)
    ordered = Steps(steps.starts, kinds[steps.rows], rows[steps.rows])
    return Slice(events.batch, labels.batch, users, ordered, event_seq, label_seq)
