"""`riskstream bench market`."""

import argparse
from pathlib import Path

from stream.commands.benchmarks.shared import CACHE, Names, told
from stream.settings import add_flags, read_settings
from topics.errors import InputError


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
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
        "--cache", type=Path, default=CACHE, metavar="DIR",
        help="keeps simulated markets (default .riskstream/bench)",
    )  # fmt: skip
    add_flags(market, "policy")
    market.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if args.seed in args.test_seeds:
        raise InputError(f"--test-seeds has {args.seed}, the market that is learned from")
    if not args.label_delay < args.cut < args.days:
        raise InputError(
            f"--cut is {args.cut}; it must lie after --label-delay and before --days {args.days}"
        )
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
    return told(found, show_market, as_json=args.json)
