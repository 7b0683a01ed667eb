"""`riskstream bench pipeline`."""

import argparse
from pathlib import Path
from typing import Final

from stream.commands.benchmarks.shared import BROKERS_HELP, CACHE, EVENTS_HELP, Names, told
from topics.errors import InputError

USERS: Final = 50_000
EVENTS_PER_USER: Final = 40


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    pipeline = names.add_parser(
        "pipeline",
        help="from records on a broker to acknowledged decisions, one worker process",
        description="From records on a broker to acknowledged decisions, one worker process.",
    )
    pipeline.add_argument("--json", action="store_true", help="print one JSON object")
    pipeline.add_argument(
        "--scoring", choices=("full", "none"), default="full",
        help="full (the default): forest, Transformer and texts; none: features and rules",
    )  # fmt: skip
    pipeline.add_argument("--events", type=int, default=2_000_000, metavar="N", help=EVENTS_HELP)
    pipeline.add_argument(
        "--users", type=int, metavar="N",
        help=f"default {USERS}, or fewer where --events would give each less than "
        f"{EVENTS_PER_USER} events",
    )  # fmt: skip
    pipeline.add_argument("--seed", type=int, default=7, help="of the simulated shop (default 7)")
    pipeline.add_argument("--brokers", metavar="X", help=BROKERS_HELP)
    pipeline.add_argument("--partitions", type=int, default=4, metavar="N", help="default 4")
    pipeline.add_argument(
        "--model", type=Path, metavar="DIR", help="default: one trained here, once"
    )
    pipeline.add_argument("--train", action="store_true", help="train that one anew")
    pipeline.add_argument(
        "--no-stock", action="store_true", help="leave out the comparison with stock Faust"
    )
    pipeline.add_argument(
        "--poll-max-records", metavar="N", help="most records of one poll (the worker's default)"
    )
    pipeline.add_argument(
        "--cache", type=Path, default=CACHE, metavar="DIR",
        help="keeps simulated events and the model (default .riskstream/bench)",
    )  # fmt: skip
    pipeline.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if args.events < 1_000:
        raise InputError(f"--events is {args.events}; it must be 1000 or more")
    if args.partitions < 1:
        raise InputError(f"--partitions is {args.partitions}; it must be 1 or more")
    # Imported here, so that --help stays fast.
    from stream.bench.pipeline import PipelinePlan, bench_pipeline
    from stream.bench.printing import show
    from stream.bench.shop import ShopSize

    n_users = args.users or min(USERS, max(200, args.events // EVENTS_PER_USER))
    polled = args.poll_max_records
    plan = PipelinePlan(
        size=ShopSize(n_users, args.events, args.seed),
        scoring=args.scoring,
        cache=args.cache,
        brokers=args.brokers,
        n_partitions=args.partitions,
        model=args.model,
        train=args.train,
        stock=not args.no_stock,
        options=("--poll-max-records", polled) if polled else (),
    )
    found = bench_pipeline(plan)
    return told(found, show, as_json=args.json)
