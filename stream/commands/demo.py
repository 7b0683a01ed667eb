"""`riskstream demo`: everything at once on this machine, without a Kafka cluster."""

import argparse
import sys
from pathlib import Path

SUMMARY = "run a simulated shop through a real worker on an embedded broker and print its alerts"

LABEL_DELAY_DAYS = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; the defaults take a few minutes on two cores."""
    parser.add_argument(
        "--users", type=int, default=1_000, metavar="N", help="people in the shop (default 1000)"
    )
    parser.add_argument(
        "--days", type=int, default=60, metavar="D", help="days to simulate (default 60)"
    )
    parser.add_argument(
        "--train-days",
        type=int,
        default=45,
        metavar="D",
        help="train as on this day: with the labels known by then, on the events more than "
        f"{LABEL_DELAY_DAYS} days older; the days after it judge the model (default 45)",
    )
    parser.add_argument(
        "--fraud-share",
        type=float,
        default=0.08,
        metavar="X",
        help="share of orders and reviews that are fraud (default 0.08, far above a real shop's, "
        "so that a short demo has enough of every kind)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="same seed, same shop (default 1)"
    )
    parser.add_argument(
        "--live",
        type=int,
        default=3_000,
        metavar="N",
        help="the last events, sent at the pace of --rate (default 3000); those before are sent as "
        "fast as they are answered",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=200.0,
        metavar="X",
        help="pace of the last events, in events per second (default 200)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(".riskstream/demo"),
        metavar="DIR",
        help="keeps the trained model and the worker's log (default .riskstream/demo)",
    )
    parser.add_argument(
        "--train", action="store_true", help="train a new model even where an earlier demo left one"
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo; exit 1 where an event was lost or counted twice."""
    # Imported here, so that --help stays fast.
    from rich.console import Console

    from stream.demo.history import Plan
    from stream.demo.run import run_demo
    from stream.demo.summary import NEXT, show
    from topics.errors import InputError
    from topics.simulator import SimulatorConfig

    if not LABEL_DELAY_DAYS < args.train_days < args.days:
        low = LABEL_DELAY_DAYS + 1
        raise InputError(f"--train-days is {args.train_days}; it must be {low} to --days less 1")
    if args.live < 0 or args.rate <= 0:
        raise InputError("--live must be 0 or more and --rate more than 0")
    config = SimulatorConfig(args.users, args.days, args.seed, fraud_share=args.fraud_share)
    plan = Plan(config, args.train_days, LABEL_DELAY_DAYS, args.live, args.rate)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    try:
        summary = run_demo(plan, args.folder, console, afresh=args.train)
    except RuntimeError as error:
        print(f"riskstream demo: {error}", file=sys.stderr)
        return 1
    show(summary, console)
    console.print(NEXT)
    return 0 if summary.balanced else 1
