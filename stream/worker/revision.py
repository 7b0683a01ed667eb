"""Events that were decided without a part of the model are decided again when it is back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.rows import take
from stream.pipeline.pipeline import Decided, verdict_of
from stream.pipeline.policy import Policy
from stream.pipeline.published import alerts_of, decisions_of
from stream.pipeline.scorer import Scorer
from stream.worker.processor import Outgoing
from topics.alerts import encode_alerts
from topics.columns import EventBatch
from topics.decisionrecord import Versions
from topics.decisions import encode_decisions
from topics.scores import ScoreInput, ScorerDownError, Scores

REVISION: Final = 1
AT_ONCE: Final = 16
"""Events of one turn: texts may have to be encoded, and batches wait meanwhile."""


class LastingScorer(Scorer, Protocol):
    """A scorer that can answer in full, later."""

    def score_fully(self, x: ScoreInput) -> Scores:
        """Score with every part of the model; raises ScorerDownError where that is not there."""


Told = Callable[[int], Mapping[str, Any]]
"""Returns what an alert tells of an event, by its row."""


class Waiting:
    """The degraded events of one batch; the state has their effect, only the scores come anew.

    Credit stays as it was: it was published, and the user's next event takes it further.
    """

    def __init__(
        self,
        events: EventBatch,
        decided: Decided,
        told: Told,
        policy: Policy,
        scorer: LastingScorer,
        versions: Versions,
    ) -> None:
        self._policy, self._scorer, self._versions = policy, scorer, versions
        at = np.flatnonzero(decided.scores.degraded & ~decided.duplicate)
        users = decided.users
        whole = ScoreInput(events.rows, decided.features, users.past, users.n_past, events.texts)
        self._x, self._events, self._decided = take(whole, at), events.take(at), _part(decided, at)
        self._told = [told(i) for i in at.tolist()]
        self._n_done = 0

    def __len__(self) -> int:
        return len(self._events) - self._n_done

    def decide(self) -> Sequence[Outgoing]:
        """Decide some again, and return their decisions and alerts; nothing while it cannot be."""
        began = time.monotonic()
        end = min(self._n_done + AT_ONCE, len(self._events))
        at: NDArray[np.int64] = np.arange(self._n_done, end)
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
        told = self._told[self._n_done : end]
        self._n_done = end
        return self._published(events, decided, told, 1000 * (time.monotonic() - began))

    def _published(
        self, events: EventBatch, decided: Decided, told: Sequence[Mapping[str, Any]], ms: float
    ) -> list[Outgoing]:
        now_ms, latency = time.time_ns() // 1_000_000, {"again": round(ms, 1)}
        at: NDArray[np.int64] = np.arange(len(events))
        decisions = decisions_of(events, decided, at, self._versions, REVISION)
        values = encode_decisions(decisions, decided_at_ms=now_ms, latency_ms=latency)
        outputs = [Outgoing("risk.decisions", _keys(events.user_ids), values)]
        alerts = alerts_of(
            events, decided, self._policy, self._versions, told.__getitem__, REVISION
        )
        if alerts is not None:
            values = encode_alerts(alerts, decided_at_ms=now_ms, latency_ms=latency)
            outputs.append(Outgoing("risk.alerts", _keys(alerts.decisions.user_ids), values))
        return outputs


def _keys(user_ids: list[str]) -> list[bytes | None]:
    return [user_id.encode() for user_id in user_ids]


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
