"""A small made-up history with something to learn for every head."""

import numpy as np

from model.asked import Asked
from model.habits import AT
from model.habits import NAMES as HABITS
from model.rows import TrainingRows
from topics.columns import EVENT, PAST
from topics.scores import ScoreInput

NAMES = [f"feature_{number}" for number in range(12)]
DAY_MS = 86_400_000


def history(n: int, *, seed: int = 0, fraud: float = 0.05, past: int = 8) -> TrainingRows:
    """Fraud shows in two features together, in a past login and in the seller's past events."""
    rng = np.random.default_rng(seed)
    features = rng.lognormal(0, 1, (n, len(NAMES))).astype(np.float32)
    features[rng.random(features.shape) < 0.1] = np.nan
    rows = np.zeros(n, EVENT)
    rows["time_ms"] = np.sort(rng.integers(0, 60 * DAY_MS, n)) + 1_700_000_000_000
    rows["user"], rows["type"] = rng.integers(1, n // 5, n), rng.choice([0, 1, 2], n)
    rows["step"] = np.choose(rows["type"], [0, 8, 16])
    rows["rating"] = np.where(rows["type"] == 2, rng.integers(1, 6, n), 0)
    rows["amount"] = np.where(rows["type"] == 0, rng.lognormal(3, 1, n), np.nan)
    rows["category"], rows["seller"] = rng.integers(0, 30, n), rng.integers(0, 200, n)
    rows["sketch"] = 0x88
    n_past = rng.integers(0, past + 1, n).astype(np.uint8)
    before = np.zeros((n, past), PAST)
    before["step"] = rng.choice([0, 1, 8, 10, 16], (n, past))
    before["category"], before["seller"] = rng.integers(1, 30, (2, n, past))
    before["amount"] = rng.lognormal(3, 1, (n, past))
    before["time_s"] = rows["time_ms"][:, None] // 1000 - np.cumsum(
        rng.integers(60, 50_000, (n, past)), 1
    )
    before["sketch"] = 0x88
    takeover = (rng.random(n) < 0.1) & (n_past > 0)
    before["step"][takeover, 0] = 14
    before["step"][np.arange(past) >= n_past[:, None]] = 255
    two = np.nan_to_num(features[:, 0]) * np.nan_to_num(features[:, 1])
    odds = 2.0 * np.log(two + 0.1) + 3 * takeover + 0.8 * np.isnan(features[:, 2])
    odds += rng.logistic(0, 0.7, n)
    label = (odds > np.quantile(odds, 1 - fraud)).astype(np.int8)
    bad = (np.nan_to_num(features[:, 3]) + rng.exponential(1, n) > 5).astype(np.int8)
    spend = np.where(
        rng.random(n) < 0.5, 0, 20 * np.nan_to_num(features[:, 4]) * rng.lognormal(0, 0.3, n)
    )
    x = ScoreInput(rows, features, before, n_past, [None] * n)
    return TrainingRows(
        x, label, bad, spend.astype(np.float32), rows["time_ms"].copy(), rows["user"].copy()
    )


def answered(n: int) -> Asked:
    """Return questions about 300 users who spend about what they spent before."""
    rng = np.random.default_rng(0)
    habits = rng.lognormal(3, 1, (n, len(HABITS))).astype(np.float32)
    user = rng.integers(0, 2**63, 300, dtype=np.uint64)[rng.integers(0, 300, n)]
    spend = habits[:, AT["net_one"]] * rng.lognormal(0, 0.3, n).astype(np.float32)
    return Asked(habits, spend, user, np.arange(n))
