"""What the worker decided, as `risk.decisions` has it: in which order, on which shared values."""

from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.pipeline.features import FEATURE_VERSION, N_FEATURES, N_OWN
from topics.catalog import DECISIONS
from topics.errors import InputError
from topics.hashing import Tokens
from topics.newest import newest_records


class _Logged(msgspec.Struct, gc=False):
    event_id: str
    revision: int
    feature_version: str
    features: list[float | None]


_read = msgspec.json.Decoder(_Logged).decode


@dataclass(frozen=True, eq=False)
class Logged:
    """The last decision of each of ``n`` events, by the events' tokens.

    ``event`` uint64[n] rising; ``turn`` int64[n] is where its decision stands, so that the turns of
    one user's events have the order in which they went into its state; ``shared`` float32[n, S] are
    the values of the features that depend on other users and on labels.
    """

    event: NDArray[np.uint64]
    turn: NDArray[np.int64]
    shared: NDArray[np.float32]

    @classmethod
    def read(cls, brokers: str, tokens: Tokens) -> Self:
        """Read them from their topic; about 200 bytes an event are held.

        Raises InputError where a decision has features of another release.
        """
        events: list[NDArray[np.uint64]] = []
        shared: list[NDArray[np.float32]] = []
        for values in newest_records(brokers, DECISIONS, "decision_id"):
            records = [record for record in map(_read, values) if record.revision == 0]
            for record in records:
                _check(record)
            events.append(tokens.many([record.event_id for record in records]))
            rows = np.array([record.features[N_OWN:] for record in records], np.float32)
            shared.append(rows.reshape(len(records), N_FEATURES - N_OWN))
        event = np.concatenate(events) if events else np.zeros(0, np.uint64)
        order = np.argsort(event, kind="stable")
        rows = np.concatenate(shared) if shared else np.zeros((0, N_FEATURES - N_OWN), np.float32)
        return cls(event[order], order, rows[order])

    def place(self, events: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return where the decision of each event stands, int64[m]; -1: it has none."""
        if not len(self.event):
            return np.full(len(events), -1)
        at = np.minimum(np.searchsorted(self.event, events), len(self.event) - 1)
        return np.where(self.event[at] == events, at, -1)

    def turn_of(self, events: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the turn of each event, int64[m]; those without a decision come last."""
        place = self.place(events)
        turns = self.turn[place] if len(self.turn) else place
        return np.where(place >= 0, turns, len(self.event))

    def shared_of(self, events: NDArray[np.uint64]) -> NDArray[np.float32]:
        """Return the logged values, float32[m, S]; NaN for an event without a decision."""
        place = self.place(events)
        found = np.full((len(events), N_FEATURES - N_OWN), np.nan, np.float32)
        found[place >= 0] = self.shared[place[place >= 0]]
        return found


def _check(record: _Logged) -> None:
    if record.feature_version != FEATURE_VERSION or len(record.features) != N_FEATURES:
        raise InputError(
            f"the decision of event {record.event_id} has features of version "
            f"{record.feature_version}, and this release knows {FEATURE_VERSION}; replay it with "
            "the release that wrote it"
        )
