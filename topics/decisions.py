"""Decisions as columns, and as the records of ``risk.decisions``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from topics.decisionrecord import DecisionRecord, Versions
from topics.errors import InputError
from topics.reasons import Reason
from topics.spliced import Fragments, spliced
from topics.vocabulary import ACTIONS, EVENT_TYPES

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decisions of ``n`` events, made under one set of versions.

    ``type`` and ``action`` uint8[n] are codes of the vocabulary; ``event_time_ms`` int64[n];
    ``p_fraud``, ``anomaly`` and ``risk`` float64[n] in [0, 1]; ``credit_score`` int[n], 300-850,
    0 where not computed; ``purchasing_power`` float64[n]; ``features`` float32[n, F]; ``degraded``,
    ``warm`` and ``late`` bool[n]; ``revision`` int[n]. NaN: not computed. ``reasons`` has one
    sequence per row, mostly empty.
    """

    event_ids: list[str]
    user_ids: list[str]
    type: NDArray[np.uint8]
    event_time_ms: NDArray[np.int64]
    p_fraud: NDArray[np.float64]
    anomaly: NDArray[np.float64]
    risk: NDArray[np.float64]
    action: NDArray[np.uint8]
    reasons: list[Sequence[Reason]]
    credit_score: NDArray[np.int64]
    purchasing_power: NDArray[np.float64]
    features: NDArray[np.float32]
    degraded: NDArray[np.bool_]
    warm: NDArray[np.bool_]
    late: NDArray[np.bool_]
    revision: NDArray[np.int64]
    versions: Versions

    def __len__(self) -> int:
        return len(self.event_ids)

    def take(self, index: Sequence[int] | NDArray[np.int64]) -> Self:
        """Return the decisions at ``index``, in that order."""
        at = np.asarray(index, np.int64)
        picks = at.tolist()
        columns: dict[str, Any] = {}
        for column in fields(self):
            values = getattr(self, column.name)
            if isinstance(values, np.ndarray):
                columns[column.name] = values[at]
            elif isinstance(values, list):
                columns[column.name] = [values[i] for i in picks]
        return type(self)(**columns, versions=self.versions)

    @classmethod
    def of(cls, records: Sequence[DecisionRecord]) -> Self:
        """Turn records into columns.

        Raises InputError if they were made under different versions: group them before.
        """
        versions = {record.versions for record in records}
        if len(versions) != 1:
            raise InputError(
                f"{len(records)} decisions of {len(versions)} different versions of model, "
                "features and policy do not fit into one table; choose a time with one version."
            )
        return cls(
            [r.event_id for r in records],
            [r.user_id for r in records],
            np.array([EVENT_TYPES.index(r.type) for r in records], np.uint8),
            np.array([r.event_time_ms for r in records], np.int64),
            np.array([r.p_fraud for r in records], np.float64),
            np.array([r.anomaly for r in records], np.float64),
            np.array([r.risk for r in records], np.float64),
            np.array([ACTIONS.index(r.action) for r in records], np.uint8),
            [tuple(reason.value_of() for reason in r.reasons) for r in records],
            np.array([r.credit_score or 0 for r in records], np.int64),
            np.array([r.purchasing_power for r in records], np.float64),
            np.array([r.features for r in records], np.float32),
            np.array([r.degraded for r in records], np.bool_),
            np.array([r.warm for r in records], np.bool_),
            np.array([r.late for r in records], np.bool_),
            np.array([r.revision for r in records], np.int64),
            versions.pop(),
        )


def decision_id(event_id: str, revision: int) -> str:
    """Return the id of a decision, the same whenever the same event is decided again.

    >>> decision_id("e-7", 0)
    'e-7.0'
    """
    return f"{event_id}.{revision}"


def encode_decisions(
    decisions: Decisions, *, decided_at_ms: int, latency_ms: Mapping[str, float]
) -> list[bytes]:
    """Return one JSON object per decision; ``latency_ms`` maps stages to the batch's times."""
    features = Fragments.of_numbers(np.asarray(decisions.features, np.float32))
    return encoded([b'"features":', features], decisions, decided_at_ms, latency_ms)


def encoded(
    additions: Sequence[bytes | Fragments],
    decisions: Decisions,
    decided_at_ms: int,
    latency_ms: Mapping[str, float],
) -> list[bytes]:
    """Return each decision as JSON, after the fields that ``additions`` have for it.

    ``additions`` are fields in JSON, without braces and none of a decision's own.
    """
    versions = decisions.versions
    shared = {
        "schema_version": SCHEMA_VERSION,
        "decided_at_ms": decided_at_ms,
        "model": {"name": versions.model_name, "version": versions.model_version},
        "feature_version": versions.feature_version,
        "policy_version": versions.policy_version,
        "latency_ms": dict(latency_ms),
    }
    flags = decisions.degraded + 2 * decisions.warm + 4 * decisions.late
    event_ids = Fragments.of_texts(decisions.event_ids)
    revisions = Fragments.of_numbers(decisions.revision)
    credit = Fragments.of_numbers(decisions.credit_score).null_where(decisions.credit_score == 0)
    parts = [
        b"{", *additions,
        b',"decision_id":"', event_ids, b".", revisions,
        b'","event_id":"', event_ids,
        b'","user_id":"', Fragments.of_texts(decisions.user_ids),
        b'","type":', Fragments.of_choices(decisions.type, _TYPES),
        b',"event_time_ms":', Fragments.of_numbers(decisions.event_time_ms),
        b',"revision":', revisions,
        b',"p_fraud":', Fragments.of_numbers(decisions.p_fraud),
        b',"anomaly":', Fragments.of_numbers(decisions.anomaly),
        b',"risk":', Fragments.of_numbers(decisions.risk),
        b',"action":', Fragments.of_choices(decisions.action, _ACTIONS),
        b',"reasons":', _reasons(decisions.reasons),
        b',"credit_score":', credit,
        b',"purchasing_power":', Fragments.of_numbers(decisions.purchasing_power),
        b",", Fragments.of_choices(flags, _FLAGS),
        b"," + orjson.dumps(shared)[1:],
    ]  # fmt: skip
    return spliced(parts, len(decisions))


def _reasons(reasons: Sequence[Sequence[Reason]]) -> Fragments:
    """Write the reasons of each row; most have none, and few rows have some of their own."""
    some = [i for i, given in enumerate(reasons) if given]
    choices = [b"[]", *(orjson.dumps(reasons[i]) for i in some)]
    codes = np.zeros(len(reasons), np.int64)
    codes[some] = np.arange(1, len(choices))
    return Fragments.of_choices(codes, choices)


_TYPES: Final = [orjson.dumps(name) for name in EVENT_TYPES]
_ACTIONS: Final = [orjson.dumps(name) for name in ACTIONS]
_FLAGS: Final = [
    orjson.dumps({"degraded": bool(i & 1), "warm": bool(i & 2), "late": bool(i & 4)})[1:-1]
    for i in range(8)
]
