"""`make handbook`: the protocol of the Fraud Detection Handbook's chapter 3, by the commands.

Trains on 2018-07-25 to 31 with labels seven days late, tests on 2018-08-08 to 14 without the
customers known as defrauded, and sets gradient boosting and logistic regression on the exported
rows, and the isolation forest alone, beside the model. Then all 1,754,155 events are decided and
timed.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.real.commands import riskstream
from tests.real.paired import differences
from tests.real.protocol import DELAY_DAYS, PROTOCOL, TABLE, Tested, imported, others, tested

EXPECTED = {"training rows": (67_240, 598), "test rows": (58_264, 385)}


def main() -> int:
    """Run it, print the table, and exit 1 where a count of the protocol differs."""
    if not TABLE.exists():
        print(f"make handbook: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-handbook-") as name:
        return run(Path(name))


def run(folder: Path) -> int:
    """Do everything in ``folder``."""
    model, rows, test = folder / "model", folder / "rows.parquet", folder / "test"
    history = imported(folder / "data")
    told = riskstream(
        "train", *history, *PROTOCOL.training, "--export", str(rows), "--out", str(model)
    )
    print(told.splitlines()[-1], flush=True)  # when, in what time, and with how much memory
    judged = (*history, "--model", str(model))
    riskstream("backtest", *judged, *PROTOCOL.testing, "--drop-known", str(DELAY_DAYS),
               "--out", str(test))  # fmt: skip
    right = report(test, rows)
    began = time.monotonic()
    riskstream("backtest", *judged, "--from", "2018-04-01", "--to", "2018-10-01",
               "--out", str(folder / "all"))  # fmt: skip
    n = json.loads((folder / "all/metrics.json").read_bytes())["n_decided"]
    print(f"{n:,} events decided and judged in {time.monotonic() - began:.0f} s")
    return 0 if right else 1


def report(test: Path, rows: Path) -> bool:
    """Print the counts and the figures; return whether the counts are the protocol's."""
    metrics = json.loads((test / "metrics.json").read_bytes())
    label = np.array(pq.read_table(rows, columns=["is_fraud"])["is_fraud"])
    found = {"training rows": (len(label), int((label == 1).sum())),
             "test rows": (metrics["n"], metrics["n_fraud"])}  # fmt: skip
    for what, counts in found.items():
        right = counts == EXPECTED[what]
        print("ok    " if right else "WRONG ", f"{counts[0]:,} {what}, {counts[1]:,} fraud")
    week = tested(PROTOCOL, test / "decisions.parquet")
    for line in (*ranked(metrics, rows, week), *calibrated(metrics)):
        print(line, flush=True)
    return found == EXPECTED


def ranked(metrics: dict, rows: Path, week: Tested) -> Iterator[str]:
    """Yield the table: the model by its metrics, the others on the same rows."""
    yield "test week                ROC AUC             average precision   card precision@100"
    low = metrics["interval_95"]
    yield (
        f"riskstream               {metrics['roc_auc']:.3f} "
        f"({low['roc_auc'][0]:.3f}-{low['roc_auc'][1]:.3f})  "
        f"{metrics['average_precision']:.3f} "
        f"({low['average_precision'][0]:.3f}-{low['average_precision'][1]:.3f})  "
        f"{metrics['card_precision_at_100']:.3f}"
    )
    scores = dict(others(rows, week)) | {"isolation forest alone": week.anomaly}
    for name, score in scores.items():
        auc, ap = roc_auc_score(week.fraud, score), average_precision_score(week.fraud, score)
        yield f"{name:<24} {auc:.3f}                {ap:.3f}"
    yield "riskstream less another, the same resamples of the customers for both"
    for name, score in scores.items():
        by = differences(week.p, score, week.fraud, week.customer)
        yield f"less {name}: ROC AUC {by['roc_auc']}, average precision {by['average_precision']}"


def calibrated(metrics: dict) -> Iterator[str]:
    """Yield what the probabilities of the test week are worth."""
    loss, constant = metrics["log_loss"], metrics["log_loss_base_rate"]
    less = 1 - loss / constant
    yield f"log loss {loss:.5f}, of the base rate alone {constant:.5f}: {less:.1%} less"
    highest, ends = metrics["highest_1000"], metrics["interval_95"]["highest_1000"]["fraud_share"]
    yield (
        f"the 1,000 highest probabilities: mean {highest['mean_p']:.3f}, "
        f"share of fraud {highest['fraud_share']:.3f} ({ends[0]:.3f}-{ends[1]:.3f})"
    )
    yield f"expected calibration error {metrics['ece']:.5f} in 15 bins of equal mass"


if __name__ == "__main__":
    sys.exit(main())
