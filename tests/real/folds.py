"""`make folds`: the handbook's protocol in four weeks, each a training and a test of its own.

The test weeks begin on 2018-07-18, 07-25, 08-01 and 08-08, the last of which is the protocol's;
each model learns from the seven days that begin 14 days before its test. In each week gradient
boosting is fitted to the same rows. The source calls this prequential validation.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.real.commands import riskstream
from tests.real.protocol import PROTOCOL, TABLE, Week, imported, others, tested

WEEKS = tuple(PROTOCOL.earlier(n) for n in (3, 2, 1, 0))
METRICS = (roc_auc_score, average_precision_score)


def main() -> int:
    """Run the folds, oldest first, and print a line for each and their means."""
    if not TABLE.exists():
        print(f"make folds: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    print("                               riskstream              gradient boosting")
    print("test week      rows    fraud   ROC AUC  av. precision  ROC AUC  av. precision")
    with tempfile.TemporaryDirectory(prefix="riskstream-folds-") as name:
        history = imported(Path(name) / "data")
        found = [fold(week, history, Path(name) / str(week.tests)) for week in WEEKS]
    for what, row in (
        ("mean", np.mean(found, 0)),
        ("standard deviation", np.std(found, 0, ddof=1)),
    ):
        print(f"{what:<30} {figures(row)}")
    return 0


def fold(week: Week, history: tuple[str, ...], folder: Path) -> list[float]:
    """Train and test in one week, print the line, and return its four figures."""
    folder.mkdir()
    rows, model, out = folder / "rows.parquet", str(folder / "model"), folder / "test"
    riskstream("train", *history, *week.training, "--export", str(rows), "--out", model)
    riskstream("backtest", *history, "--model", model, *week.testing, "--out", str(out))
    test = tested(week, out / "decisions.parquet")
    _, boosting = next(others(rows, test))
    row = [metric(test.fraud, score) for score in (test.p, boosting) for metric in METRICS]
    n, n_fraud = len(test.fraud), int(test.fraud.sum())
    print(f"{week.tests}  {n:>7,}  {n_fraud:>6,}   {figures(row)}", flush=True)
    return row


def figures(row) -> str:
    """Return the four figures in the columns of the table."""
    return f"{row[0]:.3f}    {row[1]:.3f}          {row[2]:.3f}    {row[3]:.3f}"


if __name__ == "__main__":
    sys.exit(main())
