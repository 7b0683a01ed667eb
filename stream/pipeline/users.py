"""A batch of events and labels through the states of their users."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.aggregates import N_AGGREGATES, aggregate
from stream.pipeline.compiled import kernel, records
from stream.pipeline.labels import apply_label
from stream.pipeline.layout import (
    MAX_PAST,
    N_COUNTS,
    N_DUPLICATES,
    N_SUMS,
    PACKED_VERSION,
    new_state,
)
from stream.pipeline.packed import MAX_PACKED_BYTES, clear, pack, unpack
from stream.pipeline.past import append_past, copy_past, past_flags
from stream.pipeline.update import apply_event, seen_before
from topics.columns import EVENT, LABEL, PAST, Rows

EVENT_STEP, LABEL_STEP = 0, 1


@dataclass(frozen=True, eq=False)
class Steps:
    """What happens to each user of a batch, in order.

    Steps ``starts[u]:starts[u + 1]`` belong to user ``u``; ``kinds`` says whether a step is an
    event or a label, ``rows`` which row of its array.
    """

    starts: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    rows: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class UserResult:
    """What a batch did to its users.

    ``aggregates`` float64[n_events, N_AGGREGATES] and ``past`` PAST[n_events, MAX_PAST] are as
    before each event; ``flags`` has the bits of `stream.pipeline.layout`; ``duplicate`` marks
    events whose id was seen before (they change nothing). ``label_change`` int64[n_labels, 2] is
    what each label adds to the counts of labels and of fraud labels. ``packed`` holds the new
    states one after another, user ``u`` at ``ends[u]:ends[u + 1]``.
    """

    aggregates: NDArray[np.float64]
    past: Rows
    n_past: NDArray[np.uint8]
    flags: NDArray[np.int64]
    duplicate: NDArray[np.bool_]
    label_change: NDArray[np.int64]
    packed: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def state(self, user: int) -> bytes:
        """Return the packed state of the user at this position of the batch."""
        return self.packed[self.ends[user] : self.ends[user + 1]].tobytes()

    def states(self) -> list[bytes]:
        """Return the packed states of all users of the batch, in their order."""
        return cut(self.packed, self.ends)


def cut(packed: NDArray[np.uint8], ends: NDArray[np.int64]) -> list[bytes]:
    """Return the states that stand one after another in ``packed``.

    >>> cut(np.frombuffer(b"abcdef", np.uint8), np.array([0, 1, 3]))
    [b'a', b'bc']
    """
    data, at = packed[: ends[-1]].tobytes(), ends.tolist()
    return [data[a:b] for a, b in pairwise(at)]


def steps_by_user(users: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], Steps]:
    """Group a batch of events by user, keeping each user's order.

    >>> tokens, steps = steps_by_user(np.array([7, 5, 7], np.uint64))
    >>> tokens.tolist(), steps.starts.tolist(), steps.rows.tolist()
    ([5, 7], [0, 1, 3], [1, 0, 2])
    """
    order = np.argsort(users, kind="stable").astype(np.int64)
    ranked = users[order]
    first = np.flatnonzero(np.r_[len(users) > 0, ranked[1:] != ranked[:-1]])
    starts = np.r_[first, len(users)].astype(np.int64)
    return ranked[first], Steps(starts, np.zeros(len(users), np.uint8), order)


def check_version(states: list[bytes | None]) -> None:
    """Raise ValueError where a state was packed by another version of this code."""
    for state in states:
        if state is not None and state[0] != PACKED_VERSION:
            raise ValueError(
                f"user state has version {state[0]}, this code reads {PACKED_VERSION}: "
                "rebuild the state by replaying the topics under a new application id"
            )


def advance(
    events: Rows,
    labels: Rows,
    steps: Steps,
    states: list[bytes | None],
    *,
    zone_ms: int = 0,
    want_past: bool = True,
) -> UserResult:
    """Take events (EVENT[n]) and labels (LABEL[m]) through their users' packed states.

    ``states`` has one entry per user of ``steps``, None for a user never seen before. ``zone_ms``
    is the shop's offset from UTC in milliseconds. Without ``want_past`` the past is not copied out.
    Raises ValueError for a state of another version.
    """
    check_version(states)
    n = len(events)
    starts = np.zeros(len(states) + 1, np.int64)
    np.cumsum([0 if s is None else len(s) for s in states], out=starts[1:])
    data = np.frombuffer(b"".join(s for s in states if s is not None) + bytes(16), np.uint8)
    aggregates = np.empty((n, N_AGGREGATES))
    past = np.zeros((n if want_past else 1, MAX_PAST, PAST.itemsize), np.uint8)
    n_past = np.zeros(n, np.uint8)
    flags = np.zeros(n, np.int64)
    duplicate = np.zeros(n, np.bool_)
    change = np.zeros((len(labels), 2), np.int64)
    # A step adds a bounded number of bytes to a state.
    room = int(starts[-1]) + 1024 * len(steps.rows) + MAX_PACKED_BYTES
    packed = np.empty(room, np.uint8)
    ends = np.zeros(len(states) + 1, np.int64)
    real, real4 = np.zeros(1), np.zeros(1, np.float32)
    _advance(
        records(events if n else np.zeros(0, EVENT)),
        records(labels if len(labels) else np.zeros(0, LABEL)),
        steps.starts, steps.kinds, steps.rows, data, starts, new_state(), zone_ms, want_past,
        real, real.view(np.uint8), real4, real4.view(np.uint8), np.zeros(N_COUNTS, np.int64),
        np.zeros(N_SUMS), aggregates, past, n_past, flags, duplicate, change, packed, ends,
    )  # fmt: skip
    return UserResult(
        aggregates,
        past.view(PAST)[..., 0] if want_past else np.zeros((n, 0), PAST),
        n_past,
        flags,
        duplicate,
        change,
        packed,
        ends,
    )


@kernel
def _advance(  # type: ignore[no-untyped-def]
    events, labels, starts, kinds, rows, data, data_starts, s, zone_ms, want_past,
    real, real_bytes, real4, real4_bytes, counts, sums,
    aggregates, past, n_past, flags, duplicate, change, packed, ends,
) -> None:  # fmt: skip
    at = 0
    for user in range(len(starts) - 1):
        if data_starts[user] == data_starts[user + 1]:
            clear(s)
        else:
            unpack(s, data, data_starts[user], real, real_bytes)
        for step in range(starts[user], starts[user + 1]):
            row = rows[step]
            if kinds[step] == LABEL_STEP:
                change[row, 0], change[row, 1] = apply_label(s, labels[row])
                continue
            event = events[row]
            duplicate[row] = seen_before(s, event.event)
            aggregate(s, event, zone_ms, aggregates[row])
            flags[row] = past_flags(s, event, zone_ms)
            if want_past:
                n_past[row] = copy_past(s, past[row])
            if duplicate[row]:
                s.life[N_DUPLICATES] += 1
                continue
            apply_event(s, event, zone_ms, counts, sums)
            append_past(s, event, flags[row], real4, real4_bytes)
        at = pack(s, packed, at, real, real_bytes)
        ends[user + 1] = at
