"""What the types of a record cannot say: checks over whole columns of decoded records."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from topics.columns import EventBatch, LabelBatch
from topics.deadletter import Bad
from topics.records import EARLIEST_MS, LATEST_MS
from topics.vocabulary import LABEL_KINDS


def event_problems(
    batch: EventBatch,
    record_ms: NDArray[np.int64],
    keys: Sequence[bytes | None] | None,
    max_ahead_ms: int,
) -> Iterator[Bad]:
    """Yield what is wrong with events, by row; a row's first problem is the one to report."""
    times = batch.rows["time_ms"]
    yield from control_characters(batch.event_ids, "event_id")
    yield from control_characters(batch.user_ids, "user_id")
    yield from impossible_times(times, "event_time", EARLIEST_MS)
    yield from impossible_times(batch.rows["account_created_ms"], "account_created_at", 0)
    yield from times_ahead(times, "event_time", record_ms, max_ahead_ms)
    if keys is not None:
        yield from foreign_keys(batch.user_ids, keys)


def label_problems(
    batch: LabelBatch,
    record_ms: NDArray[np.int64],
    keys: Sequence[bytes | None] | None,
    max_ahead_ms: int,
) -> Iterator[Bad]:
    """Yield what is wrong with labels, by row; a row's first problem is the one to report."""
    rows = batch.rows
    yield from control_characters(batch.label_ids, "label_id")
    yield from control_characters(batch.user_ids, "user_id")
    for name, times in (("event_time", rows["time_ms"]), ("known_at", rows["known_ms"])):
        yield from impossible_times(times, name, EARLIEST_MS)
        yield from times_ahead(times, name, record_ms, max_ahead_ms)
    legitimate = rows["kind"] == LABEL_KINDS.index("legitimate")
    yield from contradictions(legitimate, rows["is_fraud"] == 1)
    if keys is not None:
        yield from foreign_keys(batch.user_ids, keys)


def control_characters(texts: Sequence[str], field: str) -> Iterator[Bad]:
    r"""Yield where an id holds a control character, which could steer a terminal that prints it.

    >>> [bad.position for bad in control_characters(["a", "b\x1b[2J", "c\u200d"], "user_id")]
    [1]
    """
    # isprintable is one fast pass and refuses more than control characters: only a first sieve.
    if not "".join(texts).isprintable():
        for i, text in enumerate(texts):
            if any(c < " " or "\x7f" <= c < "\xa0" for c in text):
                yield Bad(i, "out_of_range", f"The field {field} holds a control character.")


def impossible_times(times_ms: NDArray[np.int64], field: str, first_ms: int) -> Iterator[Bad]:
    """Yield where a time lies before ``first_ms`` or past the year 2099; 0 is absent."""
    outside = (times_ms < first_ms) | (times_ms >= LATEST_MS)
    if outside.any():
        for i in np.flatnonzero(outside).tolist():
            yield Bad(
                i,
                "out_of_range",
                f"The field {field} is {_shown(int(times_ms[i]))}, outside "
                f"{_shown(first_ms)[:10]} to {_shown(LATEST_MS - 1)[:10]}.",
            )


def times_ahead(
    times_ms: NDArray[np.int64], field: str, record_ms: NDArray[np.int64], max_ahead_ms: int
) -> Iterator[Bad]:
    """Yield where a time lies over ``max_ahead_ms`` past its record's own, which 0 leaves open."""
    ahead = (times_ms - record_ms > max_ahead_ms) & (record_ms > 0)
    if ahead.any():
        for i in np.flatnonzero(ahead).tolist():
            seconds = int(times_ms[i] - record_ms[i]) // 1000
            yield Bad(
                i,
                "time_in_future",
                f"The field {field} is {seconds} s ahead of the record's timestamp; "
                f"at most {max_ahead_ms // 1000} s are allowed.",
            )


def foreign_keys(user_ids: Sequence[str], keys: Sequence[bytes | None]) -> Iterator[Bad]:
    """Yield where a record's key is not its user_id."""
    expected = [user_id.encode() for user_id in user_ids]
    if expected != list(keys):
        for i, (key, user_id) in enumerate(zip(keys, expected, strict=True)):
            if key != user_id:
                what = "The record has no key" if key is None else "The record's key is not"
                rest = "; it must be the user_id." if key is None else " its user_id."
                yield Bad(i, "wrong_key", what + rest)


def contradictions(is_legitimate: NDArray[np.bool_], is_fraud: NDArray[np.bool_]) -> Iterator[Bad]:
    """Yield where a label of the kind ``legitimate`` says that it is fraud."""
    for i in np.flatnonzero(is_legitimate & is_fraud).tolist():
        yield Bad(i, "contradiction", "The field kind is legitimate, but is_fraud is true.")


def _shown(time_ms: int) -> str:
    """Return a time for a message; what no calendar can hold comes back as a number."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"
