"""Decided events as records: decisions, and alerts where somebody must act."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.pipeline import Decided
from stream.pipeline.policy import Policy
from stream.pipeline.published import alerting, alerts_of, decisions_of
from stream.worker.processor import Outgoing
from topics.alerts import encode_alerts
from topics.columns import EventBatch
from topics.decisionrecord import Versions
from topics.decisions import encode_decisions

Told = Callable[[int], Mapping[str, Any]]
"""Returns what an alert tells of an event, by its row."""


def decided_records(
    events: EventBatch,
    decided: Decided,
    told: Told,
    partitions: NDArray[np.int64],
    policy: Policy,
    versions: Versions,
    *,
    now_ms: int,
    latency_ms: Mapping[str, float],
    revision: int = 0,
) -> list[Outgoing]:
    """Return the records of all events but duplicates, decided at ``now_ms``.

    ``partitions`` int64[n] is the one from which each event came.
    """
    fresh = np.flatnonzero(~decided.duplicate)
    decisions = decisions_of(events, decided, fresh, versions, revision)
    values = encode_decisions(decisions, decided_at_ms=now_ms, latency_ms=latency_ms)
    outputs = [Outgoing("risk.decisions", keys_of(decisions.user_ids), values, partitions[fresh])]
    alerts = alerts_of(events, decided, policy, versions, told, revision)
    if alerts is not None:
        values = encode_alerts(alerts, decided_at_ms=now_ms, latency_ms=latency_ms)
        keys = keys_of(alerts.decisions.user_ids)
        outputs.append(Outgoing("risk.alerts", keys, values, partitions[alerting(decided)]))
    return outputs


def keys_of(user_ids: list[str]) -> list[bytes | None]:
    """Return the Kafka keys of users."""
    return [user_id.encode() for user_id in user_ids]
