"""`riskstream bench latency`."""

import argparse
from typing import Final

from stream.commands.benchmarks.shared import Names, live_arguments, model_of, told
from topics.errors import InputError

RATES: Final = (2_000, 5_000, 10_000, 15_000, 20_000, 30_000)


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    latency = names.add_parser(
        "latency",
        help="from an order's append to its alert's append, at given rates",
        description="From an order's append to its alert's append, at rates of which the last may "
        "be more than the worker can do: there the lag grows, and the benchmark ends.",
    )
    live_arguments(latency, n_users=50_000, scoring="full")
    latency.add_argument(
        "--rates", type=int, nargs="+", default=list(RATES), metavar="N",
        help=f"events per second, one after another (default {' '.join(map(str, RATES))})",
    )  # fmt: skip
    latency.add_argument(
        "--seconds", type=float, default=30, metavar="S", help="of each rate (default 30)"
    )
    latency.add_argument(
        "--new-texts", type=float, default=0.01, metavar="SHARE",
        help="with a model, the first rate is measured again with so many new texts (default 0.01)",
    )  # fmt: skip
    latency.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if min(args.rates) < 1:
        raise InputError(f"--rates has {min(args.rates)}; each must be 1 or more")
    if args.seconds <= 0 or not 0 <= args.new_texts <= 0.08:
        raise InputError("--seconds must be above 0, and --new-texts lie between 0 and 0.08")
    from stream.bench.figures import show_figures
    from stream.bench.latency import LatencyPlan, bench_latency

    plan = LatencyPlan(
        rates=tuple(args.rates),
        seconds=args.seconds,
        n_users=args.users,
        scoring=args.scoring,
        new_texts=args.new_texts,
        cache=args.cache,
        model=model_of(args),
        brokers=args.brokers,
        n_partitions=args.partitions,
    )
    return told(bench_latency(plan), show_figures, as_json=args.json)
