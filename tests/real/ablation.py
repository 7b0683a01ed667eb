"""`make ablation`: what full self-attention over the same history would gain, and what it costs.

Trains the product's network, which asks, and `tests.real.selfattending` by the same recipe on the
same rows, on the handbook's training week and on a simulated market, several seeds each. Prints
average precision of each network alone and stacked with the same trees and words, the difference
with an interval from paired resamples of the customers, and events/s on one core. No text encoder
takes part: texts count by sketches and words.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from model.baseline import refit_boosting
from model.fitting import Build, Fitted, fit_network
from model.inputs import assemble, without_vectors
from model.measuring import measure
from model.predict import outputs
from model.recipe import Recipe
from model.rows import TrainingRows, take
from model.slices import cut
from model.training import fit_trees, fit_words
from model.transformer import EventTransformer
from model.trees import Trees
from tests.real.ablationdata import Task, handbook, market
from tests.real.paired import differences
from tests.real.protocol import TABLE
from tests.real.selfattending import SelfAttending
from topics.scores import ScoreInput

USUAL = Recipe()
NETWORKS: dict[str, tuple[Build, Recipe]] = {
    "asking": (EventTransformer, USUAL),
    "self-attention": (SelfAttending, USUAL),
}
PARTS = ("network alone", "whole model")
BATCH = 1_024
TURNS = 12
TASKS: dict[str, Callable[[Path], Task]] = {"handbook": handbook, "market": market}


@dataclass(frozen=True, eq=False)
class Outcome:
    """One network's training: its log-odds of the test rows by part, float64[n], and how long.

    ``newest`` is the average precision of each part on the newest rows of the training itself.
    """

    fitted: Fitted
    scores: dict[str, NDArray[np.float64]]
    newest: dict[str, float]
    seconds: float


def main() -> int:
    """Train, print the figures, and exit 0; 2 without the handbook's table."""
    parser = argparse.ArgumentParser(prog="make ablation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each")
    parser.add_argument("--only", choices=tuple(TASKS), help="one of the two data sets")
    args = parser.parse_args()
    names = [args.only] if args.only else list(TASKS)
    if "handbook" in names and not TABLE.exists():
        print(f"make ablation: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="riskstream-ablation-") as folder:
        for name in names:
            task = TASKS[name](Path(folder))
            for line in compared(task, range(args.seeds)):
                print(line, flush=True)
    return 0


def compared(task: Task, seeds: Sequence[int]) -> Iterator[str]:
    """Yield the lines of one data set: every training, the differences, the speeds."""
    rows, test = task.rows.by_time(), task.test
    fraud = test.label == 1
    yield (
        f"{task.name}: {len(rows):,} training rows, {int((rows.label == 1).sum()):,} fraud; "
        f"{len(test):,} test rows, {int(fraud.sum()):,} fraud"
    )
    found: dict[str, list[Outcome]] = {name: [] for name in NETWORKS}
    for seed in seeds:
        for name, outcome in trained(rows, test.x, seed, NETWORKS):
            found[name].append(outcome)
            rated = ", ".join(
                f"{part} {average_precision_score(fraud, outcome.scores[part]):.3f}"
                for part in PARTS
            )
            log = outcome.fitted.log
            yield (
                f"  seed {seed}, {name:<14} average precision: {rated}; {log['epochs']} epochs "
                f"in {outcome.seconds:.0f} s"
            )
    for part in PARTS:
        ours, theirs = (np.stack([o.scores[part] for o in found[name]]) for name in NETWORKS)
        means = [np.mean([average_precision_score(fraud, s) for s in of]) for of in (ours, theirs)]
        by = differences(theirs, ours, fraud, test.user)["average_precision"]
        yield (
            f"  {part}, mean of {len(seeds)}: asking {means[0]:.3f}, "
            f"self-attention {means[1]:.3f}; self-attention less asking {by}"
        )
    full = take(test.x, np.resize(np.flatnonzero(test.x.n_past == test.x.n_past.max()), 4 * BATCH))
    for name, outcomes in found.items():
        whole, alone = events_per_s(outcomes[0].fitted, full)
        yield (
            f"  {name}: {whole:,.0f} events/s of processor time in batches of {BATCH:,} with a "
            f"past of {int(full.n_past.max())}; {alone:,.0f} without making the tensors"
        )


def trained(
    rows: TrainingRows, test: ScoreInput, seed: int, networks: dict[str, tuple[Build, Recipe]]
) -> Iterator[tuple[str, Outcome]]:
    """Yield each network's training on ``rows``, by time; forest and spend have no part in it."""
    texts, slices = without_vectors(rows.x.rows), cut(rows.time_ms, rows.user)
    boosting = fit_trees(rows, slices, seed)
    if boosting is None:
        raise ValueError("no fraud to learn from")
    words = fit_words(rows, slices.train, seed)
    refitted = refit_boosting(boosting, rows.x.features, rows.label, seed=seed)
    trees = Trees.flatten(refitted.trees, refitted.columns)
    for name, (build, recipe) in networks.items():
        began = time.monotonic()
        fitted = fit_network(
            rows, texts, slices, recipe, seed=seed, report=lambda *_: None, build=build
        )
        seconds = time.monotonic() - began
        measured = measure(rows, texts, slices, fitted, boosting, words)
        fusion = measured.with_trees(trees).fusion
        newest = dict(zip(PARTS, (measured.metrics[of]["average_precision"]
                                  for of in ("network", "fused")), strict=True))  # fmt: skip
        raw = network_log_odds(fitted, test)
        scores = raw, fusion.log_odds(raw, test.features, test.texts)
        yield name, Outcome(fitted, dict(zip(PARTS, scores, strict=True)), newest, seconds)


def network_log_odds(fitted: Fitted, x: ScoreInput) -> NDArray[np.float64]:
    """Return the network's own log-odds of fraud, float64[n]."""
    texts, table = without_vectors(x.rows), fitted.network.table().detach()
    return outputs(fitted.network, table, fitted.bins, x, texts)[:, 0]


def events_per_s(fitted: Fitted, x: ScoreInput) -> tuple[float, float]:
    """Return events per second of processor time, and the same on tensors that are made already."""
    network, device = fitted.network.eval(), torch.device("cpu")
    costs: list[list[float]] = [[], []]
    with torch.inference_mode():
        table = network.table()
        for turn in range(TURNS):
            for begin in range(0, len(x) - BATCH + 1, BATCH):
                part = take(x, np.arange(begin, begin + BATCH))
                texts = without_vectors(part.rows)
                start = time.thread_time()
                inputs = assemble(part, texts, fitted.bins, network.shape.past, device)
                made = time.thread_time()
                network(inputs, table)
                done = time.thread_time()
                if turn:  # the first warms up
                    costs[0].append(done - start)
                    costs[1].append(done - made)
    return BATCH / float(np.median(costs[0])), BATCH / float(np.median(costs[1]))


if __name__ == "__main__":
    sys.exit(main())
