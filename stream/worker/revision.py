"""Events that were decided without a part of the model are decided again when it is back."""

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.rows import take
from stream.pipeline.pipeline import Decided, verdict_of
from stream.pipeline.policy import Policy
from stream.worker.failover import Failover
from stream.worker.outputs import Told, decided_records
from stream.worker.processor import Outgoing
from topics.columns import EventBatch
from topics.decisionrecord import Versions
from topics.scores import ScoreInput, ScorerDownError

REVISION: Final = 1
AT_ONCE: Final = 16
"""Events of one turn, during which no batch is computed."""

TEXTS_AT_ONCE: Final = 2
"""Texts that are encoded without a stop: a batch that comes meanwhile waits to be scored."""


class Waiting:
    """The degraded events of one batch; the state has their effect, only the scores come anew.

    Credit stays as it was: it was published, and the user's next event takes it further.
    """

    def __init__(
        self,
        events: EventBatch,
        decided: Decided,
        told: Told,
        partitions: NDArray[np.int64],
        policy: Policy,
        scorer: Failover,
        versions: Versions,
    ) -> None:
        self._policy, self._scorer, self._versions = policy, scorer, versions
        at = np.flatnonzero(decided.scores.degraded & ~decided.duplicate)
        users = decided.users
        whole = ScoreInput.of(events, decided.features, users.past, users.n_past)
        self._x, self._events, self._decided = take(whole, at), events.take(at), _part(decided, at)
        self._told, self._partitions = [told(i) for i in at.tolist()], partitions[at]
        self._n_done = 0

    def __len__(self) -> int:
        return len(self._events) - self._n_done

    def _next(self) -> NDArray[np.int64]:
        return np.arange(self._n_done, min(self._n_done + AT_ONCE, len(self._events)))

    def prepare(self) -> bool:
        """Encode a few texts of the next turn; tell whether none is left."""
        try:
            return self._scorer.read_texts(take(self._x, self._next()), TEXTS_AT_ONCE)
        except ScorerDownError:
            return True

    def decide(self) -> Sequence[Outgoing]:
        """Decide some again, and return their decisions and alerts; nothing while it cannot be."""
        began = time.monotonic()
        at = self._next()
        x = take(self._x, at)
        try:
            scores = self._scorer.score_fully(x)
        except ScorerDownError:
            return []
        some, events = _part(self._decided, at), self._events.take(at)
        verdict = verdict_of(x, scores, some.duplicate, self._policy, self._scorer)
        decided = replace(
            some, scores=scores, risk=verdict.risk, action=verdict.action, fired=verdict.fired,
            reasons=verdict.reasons,
        )  # fmt: skip
        told, partitions = [self._told[i] for i in at.tolist()], self._partitions[at]
        self._n_done += len(at)
        return decided_records(
            events, decided, told.__getitem__, partitions, self._policy, self._versions,
            revision=REVISION,
            now_ms=time.time_ns() // 1_000_000,
            latency_ms={"again": round(1000 * (time.monotonic() - began), 1)},
        )  # fmt: skip


def _part(decided: Decided, at: NDArray[np.int64]) -> Decided:
    """Return the events at ``at``, without the users' states and without reasons."""
    nobody = _rows(decided.users, at[:0])
    return replace(
        _rows(decided, at), scores=_rows(decided.scores, at), credit=_rows(decided.credit, at),
        users=nobody, reasons={}, credit_reasons={},
    )  # fmt: skip


_Columns = TypeVar("_Columns", bound=Any)


def _rows(columns: _Columns, at: NDArray[np.int64]) -> _Columns:
    """Return the rows ``at`` of every array of a dataclass."""
    arrays = {field.name: getattr(columns, field.name) for field in fields(columns)}
    taken = {name: v[at] for name, v in arrays.items() if isinstance(v, np.ndarray)}
    found: _Columns = replace(columns, **taken)
    return found
