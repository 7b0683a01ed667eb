"""The simulated shop of the demo, and the model trained on its first weeks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from model.artifact import FORMAT, MANIFEST
from model.progress import OUT_OF_TIME
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


@dataclass(frozen=True)
class TrainedModel:
    """The folder of a model, and what its reader should know of its training (empty: nothing)."""

    folder: Path
    note: str


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
) -> TrainedModel:
    """Return the model for this plan, after training it if there is none yet.

    A model whose training had no time for one whole epoch is not kept for the next demo. Raises
    RuntimeError where training fails; its own message is on standard error by then.
    """
    model = folder / "model"
    done = folder / "trained"
    if done.exists() and not afresh:
        say(f"Model: trained by an earlier demo, {model} (--train trains it anew)")
        return TrainedModel(model, _time_note(model))
    done.unlink(missing_ok=True)
    shutil.rmtree(model, ignore_errors=True)
    learned_days = plan.train_days - plan.label_delay_days
    say(
        f"Training a model on the events of the first {learned_days} days, with the labels known "
        f"by day {plan.train_days} ..."
    )
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
    if _training(model).get("whole_epochs", 1):
        done.touch()
    return TrainedModel(model, _time_note(model))


def _time_note(model: Path) -> str:
    """Say that time ended the training of a model, and what that means; empty: it did not."""
    training = _training(model)
    if training.get("ended_by") != OUT_OF_TIME:
        return ""
    n = training["whole_epochs"]
    kept = "" if n else "; the next demo trains it anew"
    return (
        f"training ran into its limit of {MOST_SECONDS} s after {n} whole epoch"
        f"{'' if n == 1 else 's'}, before it had stopped improving: more idle cores give a better "
        f"model{kept}"
    )


def _training(model: Path) -> dict[str, Any]:
    """Return what the manifest says of the training, nothing where it cannot be read."""
    try:
        found: dict[str, Any] = orjson.loads((model / MANIFEST).read_bytes())["training"]
    except (OSError, ValueError, KeyError):
        return {}  # the worker says what is wrong with it
    return found
