"""`riskstream bench peers`."""

import argparse
from pathlib import Path
from typing import Final

from stream.commands.benchmarks.shared import BROKERS_HELP, CACHE, EVENTS_HELP, Names, told

_CACHE_HELP: Final = f"keeps the peers' environments and jars (default {CACHE})"


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    peers = names.add_parser(
        "peers",
        help="the same windowed counts on Faust, Quix Streams, Bytewax and Kafka Streams",
        description="The same windowed counts on our worker, stock Faust, Quix Streams, Bytewax "
        "and Kafka Streams, on a real Kafka; every answer is checked.",
    )
    peers.add_argument("--json", action="store_true", help="print one JSON object")
    peers.add_argument("--events", type=int, default=2_000_000, metavar="N", help=EVENTS_HELP)
    peers.add_argument("--only", metavar="NAME,...", help="programs to run (default all)")
    peers.add_argument("--brokers", metavar="X", help=BROKERS_HELP)
    peers.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=_CACHE_HELP)
    peers.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    from stream.bench.peers import bench_peers, show_peers

    found = bench_peers(args.only, args.events, args.brokers, args.cache)
    return told(found, show_peers, as_json=args.json)
