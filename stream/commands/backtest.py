"""`riskstream backtest`: what a model and a policy would have decided on history, and how well."""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stream.commands.history import add_events
from stream.commands.judged import add_arguments, judge, plan_of, show, tell_bad
from stream.progress import shown
from stream.settings import Settings, add_flags, read_settings
from topics.newfolder import new_folder

if TYPE_CHECKING:
    from stream.replay.filehistory import FileHistory

SUMMARY = "replay history through the worker's pipeline and judge what it decides"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_events(parser)
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="PATH", help="file or folder of their labels"
    )
    add_arguments(parser)
    parser.add_argument(
        "--processes", type=int, choices=(1, 2), default=min(2, os.cpu_count() or 1),
        help="2: a second process reads the history and computes the features (default: 2 where "
        "there are so many processors); the results are the same",
    )  # fmt: skip
    add_flags(parser, "policy", "reason_language", "threads")


def run(args: argparse.Namespace) -> int:
    """Replay, write decisions and metrics, and print the main figures."""
    settings = read_settings(args)
    with new_folder(args.out) as out:
        plan = plan_of(args, settings, out)
        opens = partial(file_history, args.events, args.labels, settings)
        with shown("replaying") as advance:
            found, metrics = judge(
                opens(), plan, settings, args.model, advance,
                against=args.against, apart=opens if args.processes > 1 else None,
            )  # fmt: skip
    show(metrics, args.out)
    tell_bad(list(found.bad.located([args.labels, args.events])), found.bad.n)
    return 0


def file_history(events: Path, labels: Path, settings: Settings) -> "FileHistory":
    """Open a history of files; for another process, too."""
    from stream.loading import build_decoder
    from stream.replay.filehistory import FileHistory

    return FileHistory(events, labels, build_decoder(settings))
