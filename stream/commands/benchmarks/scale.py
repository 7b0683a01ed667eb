"""`riskstream bench scale`."""

import argparse
from typing import Final

from stream.commands.benchmarks.shared import Names, live_arguments, model_of, told
from topics.errors import InputError

EVENTS: Final = 1_500_000
LEAST: Final = 50_000


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    scale = names.add_parser(
        "scale",
        help="two workers against one, on the same events",
        description="The rate of two workers against that of one, on the same events.",
    )
    live_arguments(scale, n_users=50_000, scoring="none")
    scale.add_argument("--events", type=int, default=EVENTS, metavar="N", help=f"default {EVENTS}")
    scale.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if args.events < LEAST:
        raise InputError(f"--events is {args.events}; it must be {LEAST} or more")
    from stream.bench.figures import show_figures
    from stream.bench.scaling import ScalePlan, bench_scale

    plan = ScalePlan(
        n_users=args.users,
        n_events=args.events,
        scoring=args.scoring,
        cache=args.cache,
        model=model_of(args),
        brokers=args.brokers,
        n_partitions=args.partitions,
    )
    return told(bench_scale(plan), show_figures, as_json=args.json)
