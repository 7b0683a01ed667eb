"""Asking of users between their events: what is known of each at a moment.

A question is no event: it changes no state, counts nowhere, and a model can tell it from all that
users do, for its step is `NO_STEP`. Silence counts up to the moment.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.past import NO_STEP
from stream.pipeline.users import steps_by_user
from stream.replay.history import Slice
from stream.replay.replay import Replay
from topics.columns import EVENT, LABEL, EventBatch, LabelBatch
from topics.scores import ScoreInput
from topics.vocabulary import BROWSE, LOGIN

N_MOMENTS: Final = 12
"""How often each user is asked for training at most."""

PER_HORIZON: Final = 6
"""Moments in a horizon: closer ones would learn the same spend once more."""

AT_ONCE: Final = 4096
"""Customers that are asked together: each takes some 8 KB until the answer is read."""

GUEST: Final = "guest:"
"""Begins the ids of buyers without an account, who never come back under them."""


def moments_of(from_ms: int, until_ms: int, horizon_ms: int) -> list[int]:
    """Return the moments to ask at, rising: their horizons are over at ``until_ms``.

    >>> moments_of(0, 100, 60)
    [10, 20, 30, 40]
    >>> moments_of(50, 100, 60)
    []
    """
    last, step = until_ms - horizon_ms, max(1, horizon_ms // PER_HORIZON)
    found = (last - k * step for k in range(N_MOMENTS - 1, -1, -1))
    return [moment for moment in found if moment >= max(from_ms, 1)]


class Customers:
    """The users that a replay has met, but for guests: token and id, in the order of coming."""

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}

    def meet(self, part: Slice) -> None:
        """Remember who is in a slice."""
        events = part.events
        for token, user_id in zip(events.rows["user"].tolist(), events.user_ids, strict=True):
            if token not in self._ids and not user_id.startswith(GUEST):
                self._ids[token] = user_id

    def tokens(self) -> NDArray[np.uint64]:
        """Return the users' tokens, uint64[n]."""
        return np.fromiter(self._ids, np.uint64, len(self._ids))

    def ids(self) -> list[str]:
        """Return the users' ids, in the order of `tokens`."""
        return list(self._ids.values())


def ask(replay: Replay, users: NDArray[np.uint64], at_ms: int) -> ScoreInput:
    """Return what is known of ``users``, uint64[n], at a moment that the replay has come to."""
    seen = replay.ask(_questions(users, at_ms))
    rows = seen.batch.rows.copy()
    rows["step"] = NO_STEP
    x = ScoreInput.of(seen.batch, seen.features, seen.users.past, seen.users.n_past)
    return replace(x, rows=rows)


def ask_in_parts(replay: Replay, users: NDArray[np.uint64], at_ms: int) -> Iterator[ScoreInput]:
    """Yield what `ask` returns of ``users``, in their order, at most AT_ONCE of them at a time."""
    for begin in range(0, len(users), AT_ONCE):
        yield ask(replay, users[begin : begin + AT_ONCE], at_ms)


def _questions(users: NDArray[np.uint64], at_ms: int) -> Slice:
    """Return a slice in which each user comes by once; the pipeline knows no other way to ask."""
    n = len(users)
    rows = np.zeros(n, EVENT)
    rows["user"], rows["time_ms"] = users, at_ms
    rows["event"] = users ^ np.uint64(at_ms)
    rows["type"], rows["step"], rows["source"] = BROWSE, LOGIN, BROWSE
    for name in ("amount", "n_items", "dwell_ms", "helpful"):
        rows[name] = np.nan
    events = EventBatch(rows, [""] * n, [""] * n, [None] * n, [None] * n)
    labels = LabelBatch(np.zeros(0, LABEL), [], [], [], [])
    named, steps = steps_by_user(users)
    return Slice(events, labels, named, steps, np.arange(n), np.zeros(0, np.int64), [])
