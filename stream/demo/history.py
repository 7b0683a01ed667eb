"""The simulated shop of the demo, and the model trained on its first weeks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.artifact import FORMAT
from stream.pipeline.features import FEATURE_VERSION
from topics.files import write_records
from topics.simulator.config import DAY_MS, SimulatorConfig
from topics.simulator.shop import Shop
from topics.simulator.spool import Record

MOST_TEXTS: Final = 1_000
MOST_SECONDS: Final = 60
"""Bounds on the training, so that the demo takes minutes."""


@dataclass(frozen=True)
class Plan:
    """Which shop is simulated and how its time is divided.

    The model learns from the first ``train_days`` days less the last ``label_delay_days``, whose
    labels have mostly not come; what lies after them judges it. The last ``n_live`` events are
    sent at ``live_per_s``, everything before as fast as it is answered.
    """

    config: SimulatorConfig
    train_days: int
    label_delay_days: int
    n_live: int
    live_per_s: float

    @property
    def until_ms(self) -> int:
        """The end of training, in epoch milliseconds."""
        return self.config.start_ms + self.train_days * DAY_MS

    @property
    def name(self) -> str:
        """A folder name that differs where the trained model would."""
        config = self.config
        share = f"{config.fraud_share:g}"
        made_for = f"{FEATURE_VERSION}-{FORMAT}"
        return f"{config.users}-{config.days}-{self.train_days}-{config.seed}-{share}-{made_for}"


def write_history(shop: Shop, until_ms: int, folder: Path) -> tuple[Path, Path]:
    """Write the events before ``until_ms`` and the labels known by then; return both files."""
    events, labels = folder / "events.jsonl.zst", folder / "labels.jsonl.zst"
    folder.mkdir(parents=True, exist_ok=True)
    for path, records in ((events, shop.events()), (labels, shop.labels())):
        with write_records(path) as writer:
            writer.write(record.value for record in _before(records, until_ms))
    return events, labels


def _before(records: Iterator[Record], until_ms: int) -> Iterator[Record]:
    for record in records:
        if record.time_ms >= until_ms:
            return
        yield record


def trained_model(
    shop: Shop, plan: Plan, folder: Path, say: Callable[[str], None], *, afresh: bool
) -> Path:
    """Return the folder of the model for this plan, after training it if there is none yet.

    Raises RuntimeError where training fails; its own message is on standard error by then.
    """
    model = folder / "model"
    done = folder / "trained"
    if done.exists() and not afresh:
        say(f"Model: trained by an earlier demo, {model} (--train trains it anew)")
        return model
    shutil.rmtree(model, ignore_errors=True)
    say(f"Training a model on the first {plan.train_days} days of the shop ...")
    events, labels = write_history(shop, plan.until_ms, folder / "history")
    command = [
        *(sys.executable, "-m", "stream", "train", "--events", str(events)),
        *("--labels", str(labels), "--until", str(plan.until_ms), "--out", str(model)),
        *("--label-delay", str(plan.label_delay_days), "--max-texts", str(MOST_TEXTS)),
        *("--max-seconds", str(MOST_SECONDS), "--threads", str(os.cpu_count() or 1)),
    ]
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        raise RuntimeError(f"training ended with code {code}; the command was {' '.join(command)}")
    done.touch()
    return model
