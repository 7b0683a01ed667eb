"""`make handbook`: the protocol of the Fraud Detection Handbook's chapter 3, by the commands.

Trains on 2018-07-25 to 31 with labels seven days late, tests on 2018-08-08 to 14 without the
customers known as defrauded, and sets gradient boosting and logistic regression on the exported
rows beside the model. Then all 1,754,155 events are decided and timed.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stream.pipeline.features import NAMES
from tests.real.commands import riskstream
from tests.real.deciding import DATA

TABLE = DATA / "fraud_handbook/transactions.parquet"
EXPECTED = {"training rows": (67_240, 598), "test rows": (58_264, 385)}
PROTOCOL = ("--from", "2018-07-25", "--until", "2018-08-08", "--label-delay", "7")
"""What to train on: one week, whose labels are known a week later."""

SEED = 0
FIRST_DAY, TRAINING_DAY, TEST_DAY = 17_622, 17_737, 17_751
"""Days since 1970 of 2018-04-01, 2018-07-25 and 2018-08-08."""


def main() -> int:
    """Run it, print the table, and exit 1 where a count of the protocol differs."""
    if not TABLE.exists():
        print(f"make handbook: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-handbook-") as name:
        return run(Path(name))


def run(folder: Path) -> int:
    """Do everything in ``folder``."""
    data, model, rows = folder / "data", folder / "model", folder / "rows.parquet"
    riskstream("import", "handbook", str(TABLE), "--out", str(data))
    history = ("--events", str(data), "--labels", str(data))
    began = time.monotonic()
    riskstream("train", *history, *PROTOCOL, "--export", str(rows), "--out", str(model))
    print(f"trained in {time.monotonic() - began:.0f} s", flush=True)
    judged = (*history, "--model", str(model))
    test, dropped = folder / "test", ("--drop-known", "7")
    riskstream("backtest", *judged, "--from", "2018-08-08", "--to", "2018-08-15", *dropped,
               "--out", str(test))  # fmt: skip
    metrics = json.loads((test / "metrics.json").read_bytes())
    label = np.array(pq.read_table(rows, columns=["is_fraud"])["is_fraud"])
    found = {"training rows": (len(label), int((label == 1).sum())),
             "test rows": (metrics["n"], metrics["n_fraud"])}  # fmt: skip
    for what, counts in found.items():
        right = counts == EXPECTED[what]
        print("ok    " if right else "WRONG ", f"{counts[0]:,} {what}, {counts[1]:,} fraud")
    for line in figures(metrics, rows, test / "decisions.parquet"):
        print(line)
    began = time.monotonic()
    riskstream("backtest", *judged, "--from", "2018-04-01", "--to", "2018-10-01",
               "--out", str(folder / "all"))  # fmt: skip
    n = json.loads((folder / "all/metrics.json").read_bytes())["n_decided"]
    print(f"{n:,} events decided and judged in {time.monotonic() - began:.0f} s")
    return 0 if found == EXPECTED else 1


def figures(metrics: dict, rows: Path, decisions: Path) -> Iterator[str]:
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
    training = pq.read_table(rows, columns=["is_fraud", *NAMES])
    test, truth = week_of_test(decisions)
    x, y = matrix(training), np.array(training["is_fraud"])
    known = ~np.isnan(x).all(axis=0)  # a card stream has no texts, no reviews, no browsing
    x, test = x[:, known], test[:, known]
    boosting = HistGradientBoostingClassifier(random_state=SEED)
    logistic = make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler(),
        LogisticRegression(max_iter=2_000),
    )  # fmt: skip
    for name, other in (("gradient boosting", boosting), ("logistic regression", logistic)):
        score = other.fit(x, y).predict_proba(test)[:, 1]
        auc, ap = roc_auc_score(truth, score), average_precision_score(truth, score)
        yield f"{name:<24} {auc:.3f}                {ap:.3f}"


def week_of_test(decisions: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return features and outcomes of the test week, counted from the table itself.

    Left out are transactions of customers defrauded from 2018-07-25 on, seven days before the day.
    """
    table = pq.read_table(TABLE, columns=["TRANSACTION_ID", "CUSTOMER_ID", "TX_FRAUD",
                                          "TX_TIME_SECONDS"])  # fmt: skip
    number, customer, fraud, seconds = (table[i].to_numpy() for i in range(4))
    day = seconds // 86_400 + FIRST_DAY
    kept = np.zeros(len(day), bool)
    for test_day in range(TEST_DAY, TEST_DAY + 7):
        known = customer[(fraud == 1) & (day >= TRAINING_DAY) & (day < test_day - 7)]
        kept |= (day == test_day) & ~np.isin(customer, known)
    decided = pq.read_table(decisions, columns=["event_id", *NAMES])
    ids = np.array(
        [int(name.removeprefix("handbook-")) for name in decided["event_id"].to_pylist()]
    )
    order = np.argsort(ids)
    at = order[np.searchsorted(ids[order], number[kept])]
    return matrix(decided)[at], fraud[kept]


def matrix(table) -> np.ndarray:
    return np.column_stack([table[name].to_numpy() for name in NAMES])


if __name__ == "__main__":
    sys.exit(main())
