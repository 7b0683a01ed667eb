"""The published protocol of `fraudecom`: the first four fifths by time of purchase train.

Labels of the first four fifths are known, as a chargeback is, thirty days after the purchase; the
model is trained when the last of them is. No label of the rest is ever known to the pipeline, as no
published method knows one: they only judge.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import orjson

from tests.real.commands import riskstream
from topics.files import read_records, write_records

TRAIN_SHARE: Final = 0.8
KNOWN_AFTER_DAYS: Final = 30
DAY_MS: Final = 86_400_000
NEVER_MS: Final = 3_000 * DAY_MS


def split(table: Path, folder: Path) -> dict:
    """Train and test in ``folder``; return the metrics of the last fifth of the orders."""
    data = folder / "data"
    riskstream("import", "fraudecom", str(table), "--out", str(data),
               "--label-days", str(KNOWN_AFTER_DAYS))  # fmt: skip
    events, labels = data / "events.jsonl.zst", folder / "labels.jsonl"
    cut_ms = known_before(data / "labels.jsonl.zst", labels)
    history = ("--events", str(events), "--labels", str(labels), "--unlabelled", "ignore")
    riskstream("train", *history, "--until", str(cut_ms + KNOWN_AFTER_DAYS * DAY_MS),
               "--label-delay", str(KNOWN_AFTER_DAYS), "--out", str(folder / "model"))  # fmt: skip
    riskstream("backtest", *history, "--model", str(folder / "model"), "--from", str(cut_ms),
               "--to", "2017-01-01", "--out", str(folder / "test"))  # fmt: skip
    return json.loads((folder / "test/metrics.json").read_bytes())


def known_before(labels: Path, out: Path) -> int:
    """Write labels of which those of the last fifth are never known; return where it begins."""
    found = [orjson.loads(value) for *_, value in read_records(labels)]
    times = np.sort([label["event_time"] for label in found])
    cut_ms = int(times[int(TRAIN_SHARE * len(times))])
    with write_records(out) as writer:
        writer.write([
            label if label["event_time"] < cut_ms
            else label | {"known_at": label["event_time"] + NEVER_MS}
            for label in found
        ])  # fmt: skip
    return cut_ms
