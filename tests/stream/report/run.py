"""The metrics of a small run, as they are read back from ``metrics.json``."""

from typing import Any

import numpy as np
import orjson

from stream.judging.cold import cold_block
from stream.judging.curves import curves_of
from stream.judging.days import DAY_MS
from stream.judging.judged import Judged, Segment
from stream.judging.metrics import metrics_of
from stream.pipeline.features import N_FEATURES
from stream.replay.moved import Moved
from tests.stream.judging.cases import START, judged
from topics.vocabulary import ACTIONS

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>.& \\ \u202e'
"""A name that tries to be markup, has what paths are joined by, and turns the direction."""


def hostile_events(n: int = 3_000) -> Judged:
    events = judged(n)
    codes = np.arange(n, dtype=np.int8) % 3
    names = (HOSTILE, "DE.v1.2", "中" * 90)
    return judged(
        n,
        scenario=np.where(events.label == 1, 0, -1).astype(np.int8),
        scenarios=(HOSTILE,),
        segments={HOSTILE: Segment(codes, names)},
        n_cold=60,
    )


def metrics(events: Judged | None = None, **changes: Any) -> dict[str, Any]:
    """Everything that a report shows, of ``events``; a change None takes a block away."""
    events = hostile_events() if events is None else events
    found = metrics_of(events, unlabelled="negative", dropped_known=None, n_resamples=20)
    found |= {
        "run": {
            "from_ms": START * DAY_MS, "to_ms": (START + 10) * DAY_MS,
            "model": {"name": HOSTILE, "version": "258c7b8e78bc"},
            "policy_version": "default-3", "lacks": ["no text encoder", HOSTILE],
            "n_history": 60_652, "n_reported": len(events), "n_duplicates": 0, "n_bad_records": 2,
        },
        "curves": curves_of(events),
        "examples": {
            "false_positives": [_example(i) for i in range(10)],
            "false_negatives": [_example(i) | {"kind": "default"} for i in range(3)],
        },
        "moved": _moved(),
        "trained": _trained(),
        "cold": cold_block(judged(400), f"{HOSTILE}: all 400", unlabelled="negative"),
        "against": _against(),
    }  # fmt: skip
    kept = {name: block for name, block in (found | changes).items() if block is not None}
    read: dict[str, Any] = orjson.loads(orjson.dumps(kept))
    return read


def _example(i: int) -> dict[str, Any]:
    reasons = [
        {"code": "n", "feature": "n_orders", "value": 3.0, "usual_value": None,
         "contribution": 1.5 / (i + 1), "text": f"{i + 3} orders; {HOSTILE}"},
        {"code": "rule", "feature": "amount", "value": None, "usual_value": 2.0,
         "contribution": 0.0, "text": "A rule"},
    ]  # fmt: skip
    return {
        "event_id": f"e-{i}-{HOSTILE}", "user_id": f"u{i}", "type": "order",
        "time_ms": START * DAY_MS + 12_345_678 * i, "amount": None if i == 2 else 12.5 * i,
        "score": 0.9 - 0.0123 * i, "risk": 0.95 - 0.0123 * i, "action": "hold", "kind": None,
        "scenario": HOSTILE, "reasons": reasons if i else [],
    }  # fmt: skip


def _moved() -> dict[str, Any] | None:
    moved, rng = Moved(500), np.random.default_rng(0)
    features = rng.normal(size=(2_000, N_FEATURES)).astype(np.float32)
    features[1_000:, 3] *= 4
    features[::5, 7] = np.nan
    moved.add(features, np.arange(2_000) >= 1_000, np.arange(2_000, dtype=np.uint64))
    return moved.found()


def _trained() -> dict[str, Any]:
    part = {"n": 812, "n_fraud": 31, "average_precision": 0.6812, "roc_auc": 0.9}
    none: dict[str, float | None] = {"spearman": None, "roc_auc": None, "rmse": None, "mae": None}
    return {
        "parts": {"fused": part, "forest": part | {"average_precision": None, "roc_auc": None}},
        "spend": {
            "n": 4_711, "n_users": 815,
            "parts": {"spend_model": none | {"spearman": 0.52}, HOSTILE: none | {"mae": 1_234.5}},
        },
        "verdicts": [f"{HOSTILE} ranks better here than the fused model: ROC AUC 0.91 against 0.9"],
    }  # fmt: skip


def _against() -> dict[str, Any]:
    run = {
        "n": 90, "feature_version": "f2aa", "policy_version": "default-3",
        "model": {"name": HOSTILE, "version": "1.2.3"},
    }  # fmt: skip
    event = {
        "event_id": HOSTILE, "user_id": "u7", "type": "review", "time_ms": START * DAY_MS,
        "amount": None,
        "risk_before": 1.0, "risk_after": 3e-9, "action_before": "block", "action_after": "allow",
    }  # fmt: skip
    part = {"n": 7, "amount": 1_234_567.891}
    return {
        "before": run, "after": run | {"policy_version": HOSTILE},
        "n_both": 88, "n_only_before": 0, "n_only_after": 2,
        "same": part, "stricter": part, "looser": {"n": 0, "amount": None},
        "actions": {was: dict.fromkeys(ACTIONS, part) for was in ACTIONS},
        "largest_risk_changes": [event], "largest_amounts": [],
    }  # fmt: skip
