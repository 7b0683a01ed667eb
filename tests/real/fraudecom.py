"""`make fraudecom`: a shop's first year from a cold start, with default rules and no labels.

A forest is fitted on the first week; no label is ever known to the pipeline, they only judge. Says
when January's burst of sign-ups is first alerted, how much of it is found at one percent of false
alarms, and how many alerts the quiet months from February on raise.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.real.commands import riskstream
from tests.real.deciding import DATA

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
            f"{metrics['n_decided']:,} events ({alerts['n'] / metrics['n_decided']:.2%})"
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
