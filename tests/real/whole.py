"""`make whole`: the handbook's test week, by a model that learned from all history before it.

It learns from every event since 2018-04-01 whose label was known at the start of the test, seven
days after the event: from those up to 2018-07-31. It is judged on the rows of the protocol's week,
and so is gradient boosting on the same rows of training.
"""

import sys
import tempfile
from pathlib import Path

from sklearn.metrics import average_precision_score, roc_auc_score

from tests.real.commands import riskstream
from tests.real.paired import differences
from tests.real.protocol import DELAY_DAYS, PROTOCOL, TABLE, imported, others, tested

TRAINING = ("--until", str(PROTOCOL.tests), "--label-delay", str(DELAY_DAYS))
ALL_ROWS = "2000000"
"""More than there are: nobody is left out of the training."""


def main() -> int:
    """Run it and print the two lines and their difference."""
    if not TABLE.exists():
        print(f"make whole: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-whole-") as name:
        run(Path(name))
    return 0


def run(folder: Path) -> None:
    """Do everything in ``folder``."""
    rows, model, out = folder / "rows.parquet", str(folder / "model"), folder / "test"
    history = imported(folder / "data")
    riskstream("train", *history, *TRAINING, "--max-rows", ALL_ROWS, "--export", str(rows),
               "--out", model)  # fmt: skip
    riskstream("backtest", *history, "--model", model, *PROTOCOL.testing, "--out", str(out))
    report(out, rows)


def report(out: Path, rows: Path) -> None:
    """Print the figures of the protocol's test rows."""
    test = tested(PROTOCOL, out / "decisions.parquet")
    name, boosting = next(others(rows, test))
    print(f"{len(test.fraud):,} test rows, {int(test.fraud.sum()):,} fraud")
    for who, score in (("riskstream", test.p), (name, boosting)):
        auc, ap = roc_auc_score(test.fraud, score), average_precision_score(test.fraud, score)
        print(f"{who:<18} ROC AUC {auc:.3f}, average precision {ap:.3f}")
    by = differences(test.p, boosting, test.fraud, test.customer)
    print(f"less {name}: ROC AUC {by['roc_auc']}, average precision {by['average_precision']}")


if __name__ == "__main__":
    sys.exit(main())
