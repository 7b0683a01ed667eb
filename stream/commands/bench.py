"""`riskstream bench NAME`: a named benchmark; one JSON object on standard output."""

import argparse
import sys

from stream.commands.benchmarks import (
    latency,
    market,
    memory,
    model,
    peers,
    pipeline,
    recovery,
    scale,
)

SUMMARY = "measure this machine: events per second, and where the time goes"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the benchmarks and the arguments of each."""
    names = parser.add_subparsers(
        dest="name", metavar="NAME", required=True, help="the benchmark to run, one of"
    )
    for benchmark in (pipeline, model, latency, memory, recovery, scale, market, peers):
        benchmark.arguments(names)


def run(args: argparse.Namespace) -> int:
    """Run the benchmark that was named, and print what it found; 1 where it failed."""
    try:
        return int(args.measure(args))
    except RuntimeError as error:
        print(f"riskstream bench {args.name}: {error}", file=sys.stderr)
        return 1
