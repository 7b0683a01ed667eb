"""Decisions as an Arrow table, column by column, as `decisions.parquet` holds them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from topics.decisions import SCHEMA_VERSION, Decisions, decision_id
from topics.outputtable import decision_schema
from topics.reasons import Reason
from topics.vocabulary import ACTIONS, EVENT_TYPES


def decision_table(
    decisions: Decisions, feature_names: Sequence[str], decided_at_ms: NDArray[np.int64]
) -> pa.Table:
    """Return the rows of ``decision_schema(feature_names)``; NaN becomes null, latencies are empty.

    ``decided_at_ms`` int64[n]. Raises ValueError where names and features differ in number.
    """
    d, n = decisions, len(decisions)
    if d.features.shape[1] != len(feature_names):
        raise ValueError(f"{d.features.shape[1]} features, {len(feature_names)} names")
    schema = decision_schema(feature_names)
    versions = d.versions
    ids = pa.array(d.event_ids, pa.string())
    model = pa.StructArray.from_arrays(
        [_same(versions.model_name, n), _same(versions.model_version, n)], ["name", "version"]
    )
    columns: dict[str, Any] = {
        "schema_version": np.full(n, SCHEMA_VERSION, np.int32),
        "decision_id": [
            decision_id(event, revision)
            for event, revision in zip(d.event_ids, d.revision.tolist(), strict=True)
        ],
        "event_id": ids,
        "user_id": d.user_ids,
        "type": _named(d.type, EVENT_TYPES),
        "event_time_ms": d.event_time_ms,
        "decided_at_ms": decided_at_ms,
        "revision": d.revision.astype(np.int32),
        "p_fraud": _known(d.p_fraud),
        "anomaly": _known(d.anomaly),
        "risk": _known(d.risk),
        "action": _named(d.action, ACTIONS),
        "reasons": _reasons(d.reasons, schema.field("reasons").type),
        "credit_score": pa.array(d.credit_score.astype(np.int32), mask=d.credit_score == 0),
        "purchasing_power": _known(d.purchasing_power),
        "model": model,
        "feature_version": _same(versions.feature_version, n),
        "policy_version": _same(versions.policy_version, n),
        "degraded": d.degraded,
        "warm": d.warm,
        "late": d.late,
        "latency_ms": pa.array([[]] * n, schema.field("latency_ms").type),
    }
    arrays = [
        value if isinstance(value, pa.Array) else pa.array(value, schema.field(name).type)
        for name, value in columns.items()
    ]
    features = np.ascontiguousarray(d.features.T, np.float32)
    return pa.Table.from_arrays([*arrays, *map(_known, features)], schema=schema)


def _known(values: NDArray[Any]) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _same(value: str, n: int) -> pa.Array:
    return pa.repeat(value, n)


def _named(codes: NDArray[np.uint8], names: Sequence[str]) -> pa.Array:
    return pa.array(list(names), pa.string()).take(pa.array(codes))


def _reasons(reasons: list[Sequence[Reason]], kind: pa.ListType) -> pa.Array:
    ends = np.cumsum([0, *map(len, reasons)])
    told = [
        {
            "code": r.code,
            "feature": r.feature,
            **{
                name: None if np.isnan(value) else float(value)
                for name, value in (
                    ("value", r.value),
                    ("usual_value", r.usual_value),
                    ("contribution", r.contribution),
                )
            },
            "text": r.text,
        }
        for part in reasons
        for r in part
    ]
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.array(told, kind.value_type), type=kind
    )
