"""`make fraudecom`: a shop's first year from a cold start, with default rules and no labels.

A forest is fitted on the first week; no label is ever known to the pipeline, they only judge. Says
when January's burst of sign-ups is first alerted, how much of it is found at one percent of false
alarms, and how many alerts the quiet months from February on raise. Then the published time split,
with labels: trained on the first four fifths of the orders, tested on the last.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.real.commands import riskstream
from tests.real.deciding import DATA
from tests.real.timesplit import split
from topics.files import read_records

TABLE = DATA / "fraudecom"
NEVER_DAYS = "3000"  # labels become known long after the year
MONTHS = {"january": ("2015-01-01", "2015-02-01"), "later": ("2015-02-01", "2016-01-01")}


def main() -> int:
    """Run it and print what came of it; the reports go to the folder that is named, if any."""
    if not TABLE.is_dir():
        print(f"make fraudecom: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-fraudecom-") as name:
        run(Path(name))
        if len(sys.argv) > 1:
            shutil.copytree(name, sys.argv[1], dirs_exist_ok=True)
    return 0


def run(folder: Path) -> None:
    """Do everything in ``folder``."""
    data, model = folder / "data", folder / "model"
    riskstream("import", "fraudecom", str(TABLE), "--out", str(data), "--label-days", NEVER_DAYS)
    history = ("--events", str(data), "--labels", str(data))
    riskstream("train", *history, "--until", "2015-01-08",
               "--out", str(model))  # fmt: skip
    for name, (begin, end) in MONTHS.items():
        riskstream("backtest", *history, "--model", str(model), "--from", begin, "--to", end,
                   "--unlabelled", "ignore", "--out", str(folder / name))  # fmt: skip
    print(burst(folder / "january"))
    for name in MONTHS:
        metrics = json.loads((folder / name / "metrics.json").read_bytes())
        alerts = metrics["policy"]["alerts"]
        print(
            f"{name}: {metrics['n']:,} orders with an outcome, {metrics['n_fraud']:,} fraud; "
            f"ROC AUC {metrics['roc_auc']:.3f}, recall at 1 % false positives "
            f"{metrics['recall_at_fpr_1pct']:.3f}; {alerts['n']:,} alerts on "
            f"{metrics['n_decided']:,} events ({alerts['n'] / metrics['n_decided']:.2%}); "
            f"true share of fraud {metrics['n_fraud'] / metrics['n']:.2%} of orders"
        )
    for line in caught(folder):
        print(line, flush=True)
    found = split(TABLE, folder / "split")
    print(
        f"time split, the last fifth: {found['n']:,} orders, {found['n_fraud']:,} fraud; "
        f"ROC AUC {found['roc_auc']:.3f}, average precision {found['average_precision']:.3f}"
    )


def caught(folder: Path) -> Iterator[str]:
    """Yield how many orders of the months are alerted, and how many of them are fraud."""
    labels = (orjson.loads(value) for *_, value in read_records(folder / "data/labels.jsonl.zst"))
    fraud = pa.array([label["event_id"] for label in labels if label["is_fraud"]])
    for name in MONTHS:
        columns = ["event_id", "type", "action"]
        table = pq.read_table(folder / name / "decisions.parquet", columns=columns)
        orders = table.filter(pc.equal(table["type"], "order"))
        bad = pc.is_in(orders["event_id"], fraud).to_numpy()
        alerted = pc.not_equal(orders["action"], "allow").to_numpy()
        yield (
            f"{name}: {alerted.sum():,} of {len(orders):,} orders alerted "
            f"({alerted.mean():.2%}), {(alerted & bad).sum():,} of {bad.sum():,} frauds"
        )


def burst(january: Path) -> str:
    """Say when the burst begins and when the first alert on an order comes."""
    columns = ["event_id", "type", "event_time_ms", "action"]
    table = pq.read_table(january / "decisions.parquet", columns=columns)
    orders = table.filter(pc.equal(table["type"], "order"))
    alerted = orders.filter(pc.not_equal(orders["action"], "allow"))
    times = np.sort(alerted["event_time_ms"].to_numpy())
    first = np.datetime_as_string(times[:1].astype("datetime64[ms]"), unit="s")
    begin = orders["event_time_ms"].to_numpy().min()
    return (
        f"first order {np.datetime64(int(begin), 'ms')}, first alert on an order "
        f"{first[0] if len(first) else 'never'}; {len(times):,} of {len(orders):,} orders alerted"
    )


if __name__ == "__main__":
    sys.exit(main())
