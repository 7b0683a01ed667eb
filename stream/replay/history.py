"""History as slices in event-time order, whatever the order of its files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.users import EVENT_STEP, LABEL_STEP, Steps, steps_by_user
from stream.replay.badrecords import BadRecords
from topics.columns import EventBatch, LabelBatch, concatenated
from topics.decode import Decoder
from topics.files import files_of
from topics.sorting import Timed, settle_ties, sort_by_time
from topics.timed import LABEL_TAG, read_timed
from topics.vocabulary import EVENT_TYPES


@dataclass(frozen=True, eq=False)
class Slice:
    """Consecutive events and labels of a history.

    A label's turn comes when it became known; at equal times labels come last. ``steps`` groups
    both by user, ``users`` are the users' tokens; ``event_seq`` and ``label_seq`` are the turns.
    ``values`` are the events as they came, ``by`` the columns of them that are reported by.
    """

    events: EventBatch
    labels: LabelBatch
    users: NDArray[np.uint64]
    steps: Steps
    event_seq: NDArray[np.int64]
    label_seq: NDArray[np.int64]
    values: list[bytes]
    by: dict[str, list[str | None]] = field(default_factory=dict)


def read_history(
    paths: Sequence[Path],
    decoder: Decoder,
    *,
    from_ms: int | None = None,
    until_ms: int | None = None,
    bad: BadRecords | None = None,
    cuts: Sequence[int] = (),
) -> Iterator[Slice]:
    """Yield the events and labels of ``paths`` in the order in which they became known.

    A file that is named twice, itself or by its folder, is read once. The order does not depend on
    that of the files or of the records in them: at equal times labels go last,
    since what becomes known at a moment was not known before it. Records before
    ``from_ms`` and from ``until_ms`` on are left out. No slice reaches across one of the times
    ``cuts``, which rise; what happens at one comes after it. Those that cannot be read go to
    ``bad``; without that, InputError is raised for the first,
    with its file and line.
    """
    bad = bad or BadRecords(refuse_in=paths)
    files = {file.resolve(): file for path in paths for file in files_of(path)}
    chunks = (part for file in files.values() for part in read_timed(file, bad.unreadable))
    parts = settle_ties(sort_by_time(chunks), LABEL_TAG)
    if from_ms is not None:
        parts = since(parts, from_ms)
    if until_ms is not None:
        parts = until(parts, until_ms)
    yield from slices_of(cut_at(parts, cuts) if cuts else parts, decoder, bad)


def until(parts: Iterable[Timed], until_ms: int) -> Iterator[Timed]:
    """Yield of sorted records those before ``until_ms``."""
    for part in parts:
        n = int(np.searchsorted(part.times, until_ms))
        if n:
            yield part.cut(0, n)
        if n < len(part.times):
            return


def since(parts: Iterable[Timed], from_ms: int) -> Iterator[Timed]:
    """Yield of sorted records those from ``from_ms`` on."""
    for part in parts:
        n = int(np.searchsorted(part.times, from_ms))
        if n < len(part.times):
            yield part.cut(n, len(part.times))


def cut_at(parts: Iterable[Timed], cuts: Sequence[int]) -> Iterator[Timed]:
    """Yield sorted records in pieces that do not reach across the rising times ``cuts``."""
    for part in parts:
        ends = np.unique([0, *np.searchsorted(part.times, cuts).tolist(), len(part.times)])
        for begin, end in pairwise(ends.tolist()):
            yield part.cut(begin, end)


def slices_of(parts: Iterable[Timed], decoder: Decoder, bad: BadRecords) -> Iterator[Slice]:
    """Decode records that are in their order already; ``bad`` takes those that cannot be read."""
    for part in parts:
        yield _slice(part, decoder, bad)


def _slice(part: Timed, decoder: Decoder, bad: BadRecords) -> Slice:
    label_seq = np.flatnonzero(part.tags == LABEL_TAG)
    labels = decoder.labels([part.values[i] for i in label_seq.tolist()])
    for one in labels.bad:
        bad.refused(part.values[label_seq[one.position]], f"{one.reason}: {one.detail}")
    label_seq = label_seq[labels.index]
    events, event_seq = _events(part, decoder, bad)
    turns = np.concatenate([event_seq, label_seq])
    order = np.argsort(turns)
    tokens = np.concatenate([events.rows["user"], labels.batch.rows["user"]])[order]
    rows = np.concatenate([np.arange(len(event_seq)), np.arange(len(label_seq))])[order]
    is_label = (np.arange(len(turns)) >= len(event_seq))[order]
    users, steps = steps_by_user(tokens)
    kinds = np.where(is_label, LABEL_STEP, EVENT_STEP).astype(np.uint8)
    ordered = Steps(steps.starts, kinds[steps.rows], rows[steps.rows])
    values = [part.values[i] for i in event_seq.tolist()]
    return Slice(events, labels.batch, users, ordered, event_seq, label_seq, values)


def _events(part: Timed, decoder: Decoder, bad: BadRecords) -> tuple[EventBatch, NDArray[np.int64]]:
    """Return the events and their turns; type by type, since on a topic the type may be implied."""
    batches, turns = [], []
    for code in np.unique(part.tags[part.tags != LABEL_TAG]).tolist():
        seq = np.flatnonzero(part.tags == code)
        found = decoder.events([part.values[i] for i in seq.tolist()], type_hint=EVENT_TYPES[code])
        for one in found.bad:
            bad.refused(part.values[seq[one.position]], f"{one.reason}: {one.detail}")
        batches.append(found.batch)
        turns.append(seq[found.index])
    if not batches:
        return decoder.events([]).batch, np.zeros(0, np.int64)
    event_seq = np.concatenate(turns)
    order = np.argsort(event_seq)
    return concatenated(batches).take(order), event_seq[order]
