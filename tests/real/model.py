"""A small model for the real events: trained on a simulated shop, as there are no real labels."""

import time
from pathlib import Path

from tests.real.commands import riskstream

USERS, DAYS = 400, 60
UNTIL = "2025-03-01T00:00:00Z"
MOST_SECONDS, MOST_TEXTS = 45, 300


def small_model(folder: Path) -> tuple[Path, float]:
    """Simulate, train, and return the model's folder and the seconds that it took."""
    began = time.monotonic()
    shop, model = folder / "shop", folder / "model"
    simulated = ("--users", str(USERS), "--days", str(DAYS), "--fraud-share", "0.05")
    riskstream("simulate", *simulated, "--seed", "5", "--out", str(shop))
    riskstream(
        *("train", "--events", str(shop / "events.jsonl.zst")),
        *("--labels", str(shop / "labels.jsonl.zst"), "--until", UNTIL, "--out", str(model)),
        *("--max-seconds", str(MOST_SECONDS), "--max-texts", str(MOST_TEXTS)),
    )
    return model, time.monotonic() - began
