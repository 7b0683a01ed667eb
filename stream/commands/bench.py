"""`riskstream bench NAME`: a named benchmark; one JSON object on standard output."""

import argparse
import sys
from pathlib import Path

from stream.settings import add_flags, read_settings
from topics.errors import InputError

SUMMARY = "measure this machine: events per second, and where the time goes"
USERS = 50_000
EVENTS_PER_USER = 40
_CACHE = Path(".riskstream/bench")
_BROKERS_HELP = "an empty Kafka cluster (default: start Apache Kafka here, as the tests do)"
_EVENTS_HELP = "measured (default 2000000)"
_PEERS_CACHE_HELP = f"keeps the peers' environments and jars (default {_CACHE})"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the benchmarks and the arguments of each."""
    names = parser.add_subparsers(
        dest="name", metavar="NAME", required=True, help="the benchmark to run, one of"
    )
    _pipeline_arguments(names)
    _market_arguments(names)
    _peers_arguments(names)


def run(args: argparse.Namespace) -> int:
    """Run the benchmark that was named, and print what it found; 1 where it failed."""
    try:
        return int(args.measure(args))
    except RuntimeError as error:
        print(f"riskstream bench {args.name}: {error}", file=sys.stderr)
        return 1


def _pipeline_arguments(names: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
    pipeline.add_argument("--events", type=int, default=2_000_000, metavar="N", help=_EVENTS_HELP)
    pipeline.add_argument(
        "--users", type=int, metavar="N",
        help=f"default {USERS}, or fewer where --events would give each less than "
        f"{EVENTS_PER_USER} events",
    )  # fmt: skip
    pipeline.add_argument("--seed", type=int, default=7, help="of the simulated shop (default 7)")
    pipeline.add_argument("--brokers", metavar="X", help=_BROKERS_HELP)
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
        "--cache", type=Path, default=_CACHE, metavar="DIR",
        help="keeps simulated events and the model (default .riskstream/bench)",
    )  # fmt: skip
    pipeline.set_defaults(measure=_pipeline)


def _market_arguments(names: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    market = names.add_parser(
        "market",
        help="how well fraud is found in simulated markets that no model was trained on",
        description="Trains on one simulated market and judges the model on later days of others: "
        "each scenario against gradient boosting, and whether one feature or the text alone would "
        "tell it.",
    )
    market.add_argument("--json", action="store_true", help="print one JSON object")
    market.add_argument(
        "--train-users", type=int, default=16_000, metavar="N",
        help="people in the market to learn (default 16000)",
    )  # fmt: skip
    market.add_argument(
        "--users", type=int, default=9_000, metavar="N",
        help="people in each market to judge on (default 9000)",
    )  # fmt: skip
    market.add_argument("--days", type=int, default=110, metavar="N", help="default 110")
    market.add_argument(
        "--fraud-share", type=float, default=0.015, metavar="X",
        help="share of order and review events that are fraud (default 0.015)",
    )  # fmt: skip
    market.add_argument(
        "--cut", type=int, default=70, metavar="DAY",
        help="the model learns before this day and is judged from it on (default 70)",
    )  # fmt: skip
    market.add_argument(
        "--label-delay", type=float, default=21.0, metavar="DAYS",
        help="leave out events younger than this on the day of the cut (default 21)",
    )  # fmt: skip
    market.add_argument("--seed", type=int, default=101, help="the market to learn (default 101)")
    market.add_argument(
        "--test-seeds", type=int, nargs="+", default=[201, 202, 203], metavar="N",
        help="the markets to judge on; figures are their medians (default 201 202 203)",
    )  # fmt: skip
    market.add_argument(
        "--base", default="auto", metavar="MODEL", help="text encoder, as for riskstream train"
    )
    market.add_argument(
        "--max-seconds", type=float, metavar="S", help="limit on the training time (default none)"
    )
    market.add_argument(
        "--cache", type=Path, default=_CACHE, metavar="DIR",
        help="keeps simulated markets (default .riskstream/bench)",
    )  # fmt: skip
    add_flags(market, "policy")
    market.set_defaults(measure=_market)


def _peers_arguments(names: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    peers = names.add_parser(
        "peers",
        help="the same windowed counts on Faust, Quix Streams, Bytewax and Kafka Streams",
        description="The same windowed counts on our worker, stock Faust, Quix Streams, Bytewax "
        "and Kafka Streams, on a real Kafka; every answer is checked.",
    )
    peers.add_argument("--json", action="store_true", help="print one JSON object")
    peers.add_argument("--events", type=int, default=2_000_000, metavar="N", help=_EVENTS_HELP)
    peers.add_argument("--only", metavar="NAME,...", help="programs to run (default all)")
    peers.add_argument("--brokers", metavar="X", help=_BROKERS_HELP)
    peers.add_argument("--cache", type=Path, default=_CACHE, metavar="DIR", help=_PEERS_CACHE_HELP)
    peers.set_defaults(measure=_peers)


def _peers(args: argparse.Namespace) -> int:
    import orjson

    from stream.bench.peers import bench_peers, show_peers

    found = bench_peers(args.only, args.events, args.brokers, args.cache)
    if args.json:
        print(orjson.dumps(found).decode())
    else:
        show_peers(found)
    return 0


def _market(args: argparse.Namespace) -> int:
    if args.seed in args.test_seeds:
        raise InputError(f"--test-seeds has {args.seed}, the market that is learned from")
    if not args.label_delay < args.cut < args.days:
        raise InputError(
            f"--cut is {args.cut}; it must lie after --label-delay and before --days {args.days}"
        )
    import orjson

    from stream.bench.market import MarketPlan, bench_market
    from stream.bench.marketprinting import show_market

    plan = MarketPlan(
        train_users=args.train_users,
        users=args.users,
        days=args.days,
        fraud_share=args.fraud_share,
        cut_day=args.cut,
        label_delay_days=args.label_delay,
        train_seed=args.seed,
        test_seeds=tuple(args.test_seeds),
        base=args.base,
        max_seconds=args.max_seconds,
        cache=args.cache,
    )
    found = bench_market(plan, read_settings(args))
    if args.json:
        print(orjson.dumps(found).decode())
    else:
        show_market(found)
    return 0


def _pipeline(args: argparse.Namespace) -> int:
    if args.events < 1_000:
        raise InputError(f"--events is {args.events}; it must be 1000 or more")
    if args.partitions < 1:
        raise InputError(f"--partitions is {args.partitions}; it must be 1 or more")
    # Imported here, so that --help stays fast.
    import orjson

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
    if args.json:
        print(orjson.dumps(found).decode())
    else:
        show(found)
    return 0
