"""What the benchmarks' arguments and answers have in common."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from topics.errors import InputError

Names: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a benchmark adds its own parser to."""

CACHE: Final = Path(".riskstream/bench")
BROKERS_HELP: Final = "an empty Kafka cluster (default: start Apache Kafka here, as the tests do)"
EVENTS_HELP: Final = "measured (default 2000000)"


def live_arguments(parser: argparse.ArgumentParser, *, n_users: int, scoring: str) -> None:
    """Declare what the benchmarks of a running worker have in common."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--users", type=int, default=n_users, metavar="N", help=f"default {n_users}"
    )
    parser.add_argument(
        "--scoring", choices=("full", "none"), default=scoring,
        help=f"full: with the model; none: features and rules (default {scoring})",
    )  # fmt: skip
    parser.add_argument("--model", type=Path, metavar="DIR", help="default: one trained here, once")
    parser.add_argument("--brokers", metavar="X", help=BROKERS_HELP)
    parser.add_argument("--partitions", type=int, default=4, metavar="N", help="default 4")
    parser.add_argument(
        "--cache", type=Path, default=CACHE, metavar="DIR",
        help=f"keeps the model, and the records while they are needed (default {CACHE})",
    )  # fmt: skip


def model_of(args: argparse.Namespace) -> Path | None:
    """Return the model that the arguments ask for, training it where there is none.

    Raises InputError where users or partitions are too few.
    """
    for name, least in (("users", 1_000), ("partitions", 1)):
        if getattr(args, name) < least:
            raise InputError(f"--{name} is {getattr(args, name)}; it must be {least} or more")
    if args.scoring == "none":
        return None
    from stream.bench.trained import bench_model

    args.cache.mkdir(parents=True, exist_ok=True)
    model: Path | None = args.model
    return model or bench_model(args.cache)


def told(found: dict[str, Any], show: Callable[[dict[str, Any]], None], *, as_json: bool) -> int:
    """Print what a benchmark found, as one JSON object or by ``show``; return the exit code."""
    import orjson

    if as_json:
        print(orjson.dumps(found).decode())
    else:
        show(found)
    return 0
