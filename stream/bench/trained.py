"""The model that benchmarks score with: trained once on a small simulated shop, and kept."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from model.artifact import FORMAT
from stream.bench.shop import by_steps, simulator_version
from stream.demo.history import write_history
from stream.pipeline.features import FEATURE_VERSION
from stream.progress import shown
from topics.simulator.config import SimulatorConfig
from topics.simulator.shop import Shop

TRAINING: Final = ("--max-texts", "1500", "--max-seconds", "90")
"""Bounds on the training; how long the network learns does not change its speed."""


def bench_model(cache: Path, *, afresh: bool = False) -> Path:
    """Return the folder of a model trained on a small simulated shop, training it if needed.

    Raises RuntimeError where training fails.
    """
    config = SimulatorConfig(users=2_000, days=60, seed=7, fraud_share=0.03)
    folder = cache / f"model-{FEATURE_VERSION}-{FORMAT}-{simulator_version()}"
    done = folder / "trained"
    if done.exists() and not afresh:
        return folder / "model"
    shutil.rmtree(folder, ignore_errors=True)
    with shown("simulating a shop to learn from", config.users) as advance:
        shop = Shop(config, by_steps(advance))
    with shop:
        events, labels = write_history(shop, config.end_ms, folder)
    command = [
        *(sys.executable, "-m", "stream", "train", "--events", str(events)),
        *("--labels", str(labels), "--until", str(config.end_ms), "--label-delay", "14"),
        *("--out", str(folder / "model"), *TRAINING),
    ]
    code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if code != 0:
        raise RuntimeError(f"training ended with code {code}; the command was {' '.join(command)}")
    done.touch()
    return folder / "model"
