"""`make whole`: the handbook's test week, by a model that learned from all history before it.

It learns from events since 2018-04-01 whose labels were known at the start of the test, seven
days after the event: from those up to 2018-07-31, of as many users, drawn at random, as have the
600,000 events that `riskstream train` takes at most by default. It is judged on the rows of the
protocol's week, and so is gradient boosting on the same rows of training.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from sklearn.metrics import average_precision_score, roc_auc_score

from tests.real.commands import riskstream
from tests.real.paired import differences
from tests.real.protocol import DELAY_DAYS, PROTOCOL, TABLE, imported, others, tested

TRAINING = ("--until", str(PROTOCOL.tests), "--label-delay", str(DELAY_DAYS))


def main() -> int:
    """Run it and print the two lines and their difference."""
    parser = argparse.ArgumentParser(prog="make whole")
    parser.add_argument(
        "--max-seconds", type=float, metavar="S",
        help="time for the epochs of the network (default: until it no longer improves)",
    )  # fmt: skip
    seconds = parser.parse_args().max_seconds
    bound = () if seconds is None else ("--max-seconds", str(seconds))
    if not TABLE.exists():
        print(f"make whole: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-whole-") as name:
        run(Path(name), bound)
    return 0


def run(folder: Path, bound: tuple[str, ...]) -> None:
    """Do everything in ``folder``, with the ``bound`` on the training's time."""
    rows, model, out = folder / "rows.parquet", str(folder / "model"), folder / "test"
    history = imported(folder / "data")
    riskstream("train", *history, *TRAINING, *bound, "--export", str(rows), "--out", model)
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
