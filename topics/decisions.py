"""Decisions as columns, and as the records of ``risk.decisions``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from topics.decisionrecord import DecisionRecord, Versions
from topics.errors import InputError
from topics.reasons import Reason
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
    features = np.ascontiguousarray(decisions.features, np.float32)
    rows = (orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in features)
    return list(
        encoded((b'"features":%b' % row for row in rows), decisions, decided_at_ms, latency_ms)
    )


def encoded(
    additions: Iterator[bytes],
    decisions: Decisions,
    decided_at_ms: int,
    latency_ms: Mapping[str, float],
) -> Iterator[bytes]:
    """Yield each decision as JSON, after the fields that ``additions`` has for it.

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
    # The end of every record is the same and is written once, and so is all that has few values.
    end = b"," + orjson.dumps(shared)[1:]
    types = [orjson.dumps(name) for name in EVENT_TYPES]
    actions = [orjson.dumps(name) for name in ACTIONS]
    columns = zip(
        additions,
        quoted(decisions.event_ids),
        quoted(decisions.user_ids),
        decisions.type.tolist(),
        numbers(decisions.event_time_ms),
        numbers(decisions.revision),
        numbers(decisions.p_fraud),
        numbers(decisions.anomaly),
        numbers(decisions.risk),
        decisions.action.tolist(),
        decisions.reasons,
        numbers(decisions.credit_score),
        numbers(decisions.purchasing_power),
        (decisions.degraded + 2 * decisions.warm + 4 * decisions.late).tolist(),
        strict=True,
    )
    for (
        addition, event_id, user_id, kind, time_ms, revision, p_fraud, anomaly, risk, action,
        reasons, credit_score, power, flags,
    ) in columns:  # fmt: skip
        yield (
            b'{%b,"decision_id":"%b.%b","event_id":"%b","user_id":"%b","type":%b,'
            b'"event_time_ms":%b,"revision":%b,"p_fraud":%b,"anomaly":%b,"risk":%b,"action":%b,'
            b'"reasons":%b,"credit_score":%b,"purchasing_power":%b,%b%b'
        ) % (
            addition, event_id, revision, event_id, user_id, types[kind],
            time_ms, revision, p_fraud, anomaly, risk, actions[action],
            orjson.dumps(reasons) if reasons else b"[]",
            b"null" if credit_score == b"0" else credit_score, power, _FLAGS[flags], end,
        )  # fmt: skip


_FLAGS: Final = [
    orjson.dumps({"degraded": bool(i & 1), "warm": bool(i & 2), "late": bool(i & 4)})[1:-1]
    for i in range(8)
]


def numbers(column: NDArray[Any]) -> list[bytes]:
    """Return each number of a column in JSON, null for NaN.

    >>> numbers(np.array([0.1, np.nan]))
    [b'0.1', b'null']
    """
    plain = np.ascontiguousarray(column)
    return orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")[: len(plain)]


def quoted(texts: list[str]) -> list[bytes]:
    r"""Return texts as they stand between quotes in JSON.

    >>> quoted(["a", 'say "a"'])
    [b'a', b'say \\"a\\"']
    """
    whole = "".join(texts)
    if whole.isprintable() and '"' not in whole and "\\" not in whole:
        return [text.encode() for text in texts]
    return [orjson.dumps(text)[1:-1] for text in texts]
