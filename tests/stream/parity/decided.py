"""Decisions for comparisons: complete records, and the parquet that the program writes of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stream.pipeline.features import FEATURE_VERSION, NAMES
from topics.outputtable import OutputWriter

OWN, SHARED = NAMES[3], NAMES[-2]


def decision(i: int, **changes: Any) -> dict[str, Any]:
    """Return event ``i``'s decision; a change names a field or a feature."""
    features = {name: None if (i + k) % 7 == 0 else i + k / 3 for k, name in enumerate(NAMES)}
    features |= {name: changes.pop(name) for name in NAMES if name in changes}
    event_id = changes.pop("event_id", f"e{i}")
    return {
        "schema_version": 1, "decision_id": f"{event_id}.0", "event_id": event_id,
        "user_id": f"u{i % 40}", "type": "order", "event_time_ms": 1_700_000_000_000 + i,
        "decided_at_ms": 1_700_000_000_050 + i, "revision": 0, "p_fraud": 0.25, "anomaly": None,
        "risk": 0.5, "action": "hold", "reasons": [], "credit_score": 600,
        "purchasing_power": 100.0, "model": {"name": "m", "version": "1"},
        "feature_version": FEATURE_VERSION, "policy_version": "p", "degraded": False,
        "warm": True, "late": False, "latency_ms": {"score": 1.5}, "features": features, **changes,
    }  # fmt: skip


def written(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """Write decisions as ``riskstream tail decisions --out`` does, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with OutputWriter(path, feature_names=NAMES) as writer:
        writer.write(records)
    return path
