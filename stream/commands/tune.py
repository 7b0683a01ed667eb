"""`riskstream tune`: searches for the settings of the network that suit a history."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stream.commands.learning import add_learning, learning_of, with_delay
from stream.settings import read_settings
from stream.used import time_text
from topics.errors import InputError

if TYPE_CHECKING:
    from model.study import Search, Told

SUMMARY = "search for the settings of training that suit a history"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = (
        "Tries settings of the network on time-ordered folds of the history, which is replayed "
        "once, and writes the best to STUDY_DIR/best.json; `riskstream train --tuned` takes that. "
        "The same command goes on with a study, after a kill too. Needs riskstream[tune]."
    )
    add_learning(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="STUDY_DIR",
        help="a new folder, or that of the study to go on with",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=float, default=60.0, metavar="M",
        help="begin no trial after so long (default 60); what is under way is brought to its end",
    )  # fmt: skip
    parser.add_argument(
        "--trials", type=int, metavar="N", help="end after so many, if the time has not run out"
    )
    parser.add_argument(
        "--folds", type=int, default=3, metavar="N",
        help="cuts in the newer half of the events (default 3): at each, a trial learns from what "
        "was known then, --label-delay included, and is judged on what came before the next",
    )  # fmt: skip
    parser.add_argument(
        "--metric", choices=("average-precision", "log-loss"), default="average-precision",
        help="the figure of the whole model whose mean over the folds is to be best (default "
        "average-precision)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Search, print each trial, and say how train takes the best settings."""
    settings = read_settings(args)
    what = learning_of(args, settings)
    for name, low, high in (("minutes", 0, 100_000), ("trials", 1, 10**6), ("folds", 1, 20)):
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise InputError(f"--{name} is {value}; it must be from {low:,} to {high:,}")
    if what.labels is None:
        raise InputError("tune judges by labels; give --labels")
    from model.checkpoint import held
    from stream.loading import build_decoder, load_policy
    from stream.replay.learning import NO_EXPORTS
    from stream.replay.trainingkey import training_key
    from stream.replay.tuning import Tuning, study_folder, tune

    decoder, policy = build_decoder(settings), load_policy(settings.policy)
    how = Tuning(
        metric=args.metric, n_folds=args.folds, seconds=60 * args.minutes, n_trials=args.trials
    )
    what = with_delay(what, decoder)
    same = training_key(what, policy, settings.token_key, NO_EXPORTS)
    key = f"{same} {args.metric} {args.folds}"
    study_folder(args.out, key)
    with held(args.out):
        search = tune(decoder, policy, what, how, args.out, _tell, _print_trial)
    _print_best(search, args.metric, args.out)
    return 0


def _tell(sentence: str) -> None:
    print(f"riskstream tune: {sentence}", file=sys.stderr, flush=True)


def _print_trial(trial: "Told", best: "Told | None") -> None:
    folds = " ".join(f"{value:.4f}" for value in trial.folds)
    found = f"given up after {folds}" if trial.value is None else f"{trial.value:.4f} ({folds})"
    ahead = "" if best is None else f"; best {best.value:.4f} of trial {best.number}"
    print(f"trial {trial.number} in {time_text(trial.seconds)}: {found}{ahead}; {_named(trial)}",
          flush=True)  # fmt: skip


def _print_best(search: "Search", metric: str, out: Path) -> None:
    best, usual = search.best(), search.first()
    if best is None or best.value is None:
        print("no trial has ended; run the same command again with more --minutes")
        return
    less = "" if usual is None else f"; the usual settings reach {usual.value:.4f}"
    print(
        f"{metric.replace('-', ' ')} {best.value:.4f}, the mean of {len(best.folds)} folds, "
        f"by trial {best.number} of {search.n_done}{less}"
    )
    print(f"{_named(best)}\nuse them: riskstream train --tuned {out / 'best.json'} ...")


def _named(trial: "Told") -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in trial.settings.items())
