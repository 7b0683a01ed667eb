"""Small judged events to compute metrics from."""

from typing import Any

import numpy as np

from stream.judging.judged import Judged, Segment

START = 19_000


def judged(n: int = 3_000, seed: int = 0, n_users: int = 200, **columns: Any) -> Judged:
    """Events of ten days with ties among the scores; ``columns`` replace some."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.08
    score = np.round(np.clip(rng.normal(0.3, 0.15, n) + 0.25 * fraud, 0.001, 0.999), 2)
    drawn: dict[str, Any] = {
        "day": START + rng.integers(0, 10, n),
        "user": rng.integers(0, n_users, n).astype(np.uint64) * 12_345_678_901,
        "type": rng.integers(0, 3, n).astype(np.uint8),
        "score": score,
        "p": score**2,
        "action": np.where(score > 0.7, 4, np.where(score > 0.5, 2, 0)).astype(np.uint8),
        "label": fraud.astype(np.int8),
        "kind": np.where(fraud, rng.integers(0, 2, n), -1).astype(np.int8),
        "scenario": np.full(n, -1, np.int8),
        "amount": np.where(rng.random(n) < 0.9, rng.gamma(2, 30, n), np.nan),
        "kinds": ("chargeback", "fake_review"),
        "scenarios": ("card_testing",),
        "segments": {
            "country": Segment(rng.integers(-1, 3, n).astype(np.int8), ("DE", "FR", "CN"))
        },
    }
    return Judged(**(drawn | columns))
