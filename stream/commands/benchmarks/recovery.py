"""`riskstream bench recovery`."""

import argparse

from stream.commands.benchmarks.shared import Names, live_arguments, model_of, told
from topics.errors import InputError


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    recovery = names.add_parser(
        "recovery",
        help="rebuilding states in an empty folder, workers that join and leave, a killed worker",
        description="How long a worker takes to rebuild its states in an empty folder, for how "
        "long deciding stops when another one joins or leaves, and after kill -9.",
    )
    live_arguments(recovery, n_users=1_000_000, scoring="none")
    recovery.add_argument(
        "--each", type=int, default=2, metavar="N", help="events of every user before (default 2)"
    )
    recovery.add_argument(
        "--rate", type=int, default=2_000, metavar="N",
        help="events per second while workers come and go (default 2000)",
    )  # fmt: skip
    recovery.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if args.rate < 1 or args.each < 1:
        raise InputError("--rate and --each must be 1 or more")
    from stream.bench.figures import show_figures
    from stream.bench.recovery import RecoveryPlan, bench_recovery

    plan = RecoveryPlan(
        n_users=args.users,
        n_each=args.each,
        rate=args.rate,
        scoring=args.scoring,
        cache=args.cache,
        model=model_of(args),
        brokers=args.brokers,
        n_partitions=args.partitions,
    )
    return told(bench_recovery(plan), show_figures, as_json=args.json)
