"""`make pretrain`: what pretraining of the network gains, on later data.

Trains the same network on the same rows with and without it, several seeds each, on a simulated
market and on the handbook's training week. Prints average precision of the network alone and of
the whole model on the newest rows of the training and on the test rows, and the difference on
these with an interval from paired resamples of the customers. ``--labelled`` takes the labels of
most users away. No text encoder takes part.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from model.fitting import Build
from model.recipe import Recipe
from model.rows import TrainingRows
from model.transformer import EventTransformer
from tests.real.ablation import PARTS, TASKS, Outcome, trained
from tests.real.ablationdata import PLAN, Task, handbook, market
from tests.real.paired import differences
from tests.real.protocol import TABLE

MARKET = replace(PLAN, train_users=3_000, users=2_000)
WITHOUT, WITH = "without", "pretrained"


def main() -> int:
    """Train, print the figures, and exit 0; 2 without the handbook's table."""
    parser = argparse.ArgumentParser(prog="make pretrain", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="trainings of each")
    parser.add_argument("--only", choices=tuple(TASKS), help="one of the two data sets")
    parser.add_argument("--epochs", type=int, default=5, metavar="N", help="of pretraining")
    parser.add_argument("--labelled", type=float, default=1.0, metavar="SHARE",
                        help="users whose labels are known, drawn at random")  # fmt: skip
    args = parser.parse_args()
    names = [args.only] if args.only else sorted(TASKS, reverse=True)
    if "handbook" in names and not TABLE.exists():
        print(f"make pretrain: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="riskstream-pretraining-") as folder:
        for name in names:
            task = market(Path(folder), MARKET) if name == "market" else handbook(Path(folder))
            task = replace(task, rows=partly_labelled(task.rows, args.labelled))
            for line in compared(task, range(args.seeds), args.epochs):
                print(line, flush=True)
    return 0


def partly_labelled(rows: TrainingRows, share: float) -> TrainingRows:
    """Return the rows with the labels of ``share`` of the users, and none of the others."""
    users, of = np.unique(rows.user, return_inverse=True)
    known = np.random.default_rng(0).random(len(users)) < share
    return replace(rows, label=np.where(known[of], rows.label, -1).astype(np.int8))


def compared(task: Task, seeds: Sequence[int], epochs: int) -> Iterator[str]:
    """Yield the lines of one data set: every training, and the differences."""
    rows, test = task.rows.by_time(), task.test
    fraud = test.label == 1
    networks: dict[str, tuple[Build, Recipe]] = {
        WITHOUT: (EventTransformer, Recipe()),
        WITH: (EventTransformer, Recipe(pretrain_epochs=epochs)),
    }
    yield (
        f"{task.name}: {len(rows):,} training rows, {int((rows.label >= 0).sum()):,} labelled, "
        f"{int((rows.label == 1).sum()):,} fraud; {len(test):,} test rows, "
        f"{int(fraud.sum()):,} fraud; {epochs} epochs of pretraining"
    )
    found: dict[str, list[Outcome]] = {name: [] for name in networks}
    for seed in seeds:
        for name, outcome in trained(rows, test.x, seed, networks):
            found[name].append(outcome)
            log = outcome.fitted.log
            rated = ", ".join(
                f"{part} {outcome.newest[part]:.3f} newest, "
                f"{average_precision_score(fraud, outcome.scores[part]):.3f} test"
                for part in PARTS
            )
            yield (
                f"  seed {seed}, {name:<10} {rated}; best on validation "
                f"{max(log['validation']):.3f}, {log['epochs']} epochs in {outcome.seconds:.0f} s"
            )
    for part in PARTS:
        without, with_it = (np.stack([o.scores[part] for o in found[name]]) for name in networks)
        by = differences(with_it, without, fraud, test.user)["average_precision"]
        yield f"  {part}: pretrained less without {by}, the mean of {len(seeds)} seeds"


if __name__ == "__main__":
    sys.exit(main())
