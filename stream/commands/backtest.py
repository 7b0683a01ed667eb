"""`riskstream backtest`: what a model and a policy would have decided on history, and how well."""

import argparse
from pathlib import Path

from stream.commands.judged import add_arguments, judge, plan_of, show, tell_bad
from stream.progress import shown
from stream.settings import add_flags, read_settings
from topics.newfolder import new_folder

SUMMARY = "replay history through the worker's pipeline and judge what it decides"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--events", type=Path, required=True, metavar="PATH", help="events")
    parser.add_argument("--labels", type=Path, required=True, metavar="PATH", help="their labels")
    add_arguments(parser)
    add_flags(parser, "policy", "threads")


def run(args: argparse.Namespace) -> int:
    """Replay, write decisions and metrics, and print the main figures."""
    settings = read_settings(args)
    with new_folder(args.out) as out:
        plan = plan_of(args, settings, out)
        from stream.loading import build_decoder
        from stream.replay.filehistory import FileHistory

        source = FileHistory(args.events, args.labels, build_decoder(settings))
        with shown("replaying") as advance:
            found, metrics = judge(source, plan, settings, args.model, advance)
    show(metrics, args.out)
    tell_bad(list(found.bad.located([args.labels, args.events])), found.bad.n)
    return 0
