"""What is known by now of each event, from all labels of a history."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.windows import DAY_MS
from stream.replay.newest import newest_at
from stream.replay.spool import Spool
from topics.columns import LABEL, LabelBatch

UNKNOWN: Final = -1
_KEPT: Final = ("event", "user", "label", "time_ms", "known_ms", "is_fraud", "kind")


@dataclass(frozen=True, eq=False)
class Truth:
    """The newest label of each of ``m`` events, in the order of the events' tokens.

    ``event`` uint64[m] rising; ``is_fraud`` int8[m]; ``kind`` int8[m] codes of LABEL_KINDS;
    ``scenario`` int16[m] places in ``scenarios``, -1 none. ``bad_user`` uint64[b] rising are users
    of whom something bad holds and ``bad_ms`` int64[b] the first time of it.
    """

    event: NDArray[np.uint64]
    is_fraud: NDArray[np.int8]
    kind: NDArray[np.int8]
    scenario: NDArray[np.int16]
    scenarios: tuple[str, ...]
    bad_user: NDArray[np.uint64]
    bad_ms: NDArray[np.int64]

    @classmethod
    def of(cls, batches: Iterable[LabelBatch], spool: Spool, *, bad_from_ms: int) -> Self:
        """Take all labels of a history, by way of a spool of its own.

        Users count as bad for events from ``bad_from_ms`` on.
        """
        names: dict[str | None, int] = {None: UNKNOWN}
        nothing = LabelBatch(np.zeros(0, LABEL), [], [], [], [])
        for batch in chain([nothing], batches):
            rows = batch.rows
            for name in _KEPT:
                spool.append(name, rows[name])
            codes = [names.setdefault(s, len(names) - 1) for s in batch.scenarios]
            spool.append("scenario", np.array(codes, np.int16))
        event, user = spool.column("event"), spool.column("user")
        holds = newest_at(event, user, spool.column("known_ms"), spool.column("label"))
        is_fraud, times = spool.column("is_fraud"), spool.column("time_ms")
        bad = holds[(is_fraud[holds] == 1) & (times[holds] >= bad_from_ms)]
        users, first_ms = _first(user[bad], times[bad])
        newest = holds[event[holds] != 0]
        return cls(
            event[newest],
            is_fraud[newest].astype(np.int8),
            spool.column("kind")[newest].astype(np.int8),
            spool.column("scenario")[newest],
            tuple(name for name in names if name is not None),
            users,
            first_ms,
        )

    def place(self, events: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return where each event's label stands, int64[n]; -1: it has none."""
        if not len(self.event):
            return np.full(len(events), UNKNOWN)
        at = np.minimum(np.searchsorted(self.event, events), len(self.event) - 1)
        return np.where(self.event[at] == events, at, UNKNOWN)

    def known_bad(
        self, users: NDArray[np.uint64], times_ms: NDArray[np.int64], days: float
    ) -> NDArray[np.bool_]:
        """Tell of whom a bad event lies at least ``days`` before the (UTC) day of each event."""
        if not len(self.bad_user):
            return np.zeros(len(users), np.bool_)
        at = np.minimum(np.searchsorted(self.bad_user, users), len(self.bad_user) - 1)
        before = times_ms - times_ms % DAY_MS - round(days * DAY_MS)
        found: NDArray[np.bool_] = (self.bad_user[at] == users) & (self.bad_ms[at] < before)
        return found


def _first(
    users: NDArray[np.uint64], times_ms: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return each user once, rising, with the first of the user's times."""
    order = np.lexsort((times_ms, users))
    each, first = np.unique(users[order], return_index=True)
    return each, times_ms[order][first]
