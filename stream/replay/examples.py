"""The events that a model got most wrong, kept slice by slice and explained at the end."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.rows import joined, take
from stream.judging.judged import Judged
from stream.pipeline.pipeline import Decided
from stream.pipeline.policy import Policy
from stream.pipeline.reasons import explain_row
from stream.pipeline.scorer import Scorer
from stream.replay.history import Slice
from topics.reasons import Reason
from topics.scores import ScoreInput
from topics.vocabulary import ACTIONS, EVENT_TYPES

N_KEPT: Final = 10


@dataclass(frozen=True, eq=False)
class _Kept:
    """One event: what to tell of it, and what a model needs to explain it.

    ``rank`` orders by how wrong the score is, the worst first, and then by event id.
    """

    rank: tuple[float, str]
    told: dict[str, Any]
    x: ScoreInput
    fired: NDArray[np.bool_]


@dataclass
class Examples:
    """Keeps the legitimate events with the highest scores and the frauds with the lowest.

    Only labelled events count. Memory does not grow with the history, and what is kept does
    not depend on how it is cut into slices.
    """

    _positives: list[_Kept] = field(default_factory=list)
    _negatives: list[_Kept] = field(default_factory=list)

    def add(self, part: Slice, decided: Decided, at: NDArray[np.int64], judged: Judged) -> None:
        """Take the events of a slice at the positions ``at``, and what is known of them.

        ``judged`` has one row per position.
        """
        for label, sign, kept in ((0, -1.0, self._positives), (1, 1.0, self._negatives)):
            rows = np.flatnonzero(judged.label == label)
            wrong = sign * judged.score[rows].astype(np.float64)
            if len(rows) > N_KEPT:
                edge = np.partition(wrong, N_KEPT - 1)[N_KEPT - 1]
                rows, wrong = rows[wrong <= edge], wrong[wrong <= edge]
            if len(kept) == N_KEPT:
                rows, wrong = rows[wrong <= kept[-1].rank[0]], wrong[wrong <= kept[-1].rank[0]]
            ranks = [
                (rank, part.events.event_ids[int(at[row])], row)
                for rank, row in zip(wrong.tolist(), rows.tolist(), strict=True)
            ]
            new = [
                _keep(part, decided, int(at[row]), judged, row, (rank, event_id))
                for rank, event_id, row in heapq.nsmallest(N_KEPT, ranks)
            ]
            kept[:] = sorted([*kept, *new], key=lambda one: one.rank)[:N_KEPT]

    def found(self, scorer: Scorer, policy: Policy) -> dict[str, list[dict[str, Any]]]:
        """Return ``false_positives`` and ``false_negatives``, the worst first, with reasons.

        JSON-ready. ``scorer`` and ``policy`` are those that decided; only what was kept is
        explained.
        """
        return {
            "false_positives": _explained(self._positives, scorer, policy),
            "false_negatives": _explained(self._negatives, scorer, policy),
        }


def _keep(
    part: Slice, decided: Decided, at: int, judged: Judged, row: int, rank: tuple[float, str]
) -> _Kept:
    batch = part.events
    amount = float(batch.rows["amount"][at])
    told = {
        "event_id": batch.event_ids[at],
        "user_id": batch.user_ids[at],
        "type": EVENT_TYPES[int(judged.type[row])],
        "time_ms": int(batch.rows["time_ms"][at]),
        "amount": amount if math.isfinite(amount) else None,
        "score": float(judged.score[row]),
        "risk": float(decided.risk[at]),
        "action": ACTIONS[int(judged.action[row])],
        "kind": _name(judged.kinds, int(judged.kind[row])),
        "scenario": _name(judged.scenarios, int(judged.scenario[row])),
    }
    seen = decided.users
    whole = ScoreInput.of(batch, decided.features, seen.past, seen.n_past)
    return _Kept(rank, told, take(whole, np.array([at])), decided.fired[at].copy())


def _name(names: Sequence[str], code: int) -> str | None:
    return names[code] if code >= 0 else None


def _explained(kept: list[_Kept], scorer: Scorer, policy: Policy) -> list[dict[str, Any]]:
    if not kept:
        return []
    x = joined([one.x for one in kept])
    added = scorer.explain(x, np.arange(len(kept)))
    return [
        one.told
        | {
            "reasons": [
                _reason(reason)
                for reason in explain_row(
                    x.features[i],
                    added[i],
                    scorer.usual,
                    one.fired,
                    policy,
                    scorer.fields,
                    x.fields_of(i),
                )
            ]
        }
        for i, one in enumerate(kept)
    ]


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "feature": reason.feature,
        "value": _known(reason.value),
        "usual_value": _known(reason.usual_value),
        "contribution": _known(reason.contribution),
        "text": reason.text,
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
