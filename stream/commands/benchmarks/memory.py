"""`riskstream bench memory`."""

import argparse

from stream.commands.benchmarks.shared import Names, live_arguments, model_of, told
from topics.errors import InputError


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    memory = names.add_parser(
        "memory",
        help="a worker's memory over time, at full load and with many users on disk",
        description="A worker's memory over time, at full load and with many users on disk.",
    )
    live_arguments(memory, n_users=1_000_000, scoring="none")
    memory.add_argument(
        "--each", type=int, default=3, metavar="N", help="events of every user before (default 3)"
    )
    memory.add_argument(
        "--minutes", type=float, default=30, metavar="M", help="of full load (default 30)"
    )
    memory.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if args.minutes <= 0:
        raise InputError(f"--minutes is {args.minutes}; it must be above 0")
    from stream.bench.figures import show_figures
    from stream.bench.memory import MemoryPlan, bench_memory

    plan = MemoryPlan(
        n_users=args.users,
        n_each=args.each,
        minutes=args.minutes,
        scoring=args.scoring,
        cache=args.cache,
        model=model_of(args),
        brokers=args.brokers,
        n_partitions=args.partitions,
    )
    return told(bench_memory(plan), show_figures, as_json=args.json)
