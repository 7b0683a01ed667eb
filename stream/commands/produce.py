"""``riskstream produce``: files of events and labels to their topics."""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from stream.progress import shown
from stream.settings import add_flags, read_settings
from stream.worker.processor import SOURCES
from topics.errors import InputError
from topics.files import files_of
from topics.producing import Progress, Sender, produce
from topics.sorting import Timed, sort_by_time
from topics.timed import read_timed

SUMMARY = "send events and labels to their topics, in the order of time"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="file or folder of .jsonl, .jsonl.gz, .jsonl.zst or .parquet, in any order",
    )
    parser.add_argument(
        "--speed",
        type=float,
        metavar="X",
        help="event time passes X times as fast as the clock (default: as fast as possible)",
    )
    add_flags(parser, "brokers")


def run(args: argparse.Namespace) -> int:
    """Read and sort all, then send; nothing is sent where a record cannot be read."""
    if args.speed is not None and not 0 < args.speed < float("inf"):
        raise InputError(f"--speed is {args.speed}; it must be more than 0")
    files_of(args.path)  # refuses a wrong path before anything waits for Kafka
    settings = read_settings(args)
    linger_ms = 20.0 if args.speed is None else 2.0
    with Sender(settings.brokers, linger_ms=linger_ms) as sender:
        sender.require(SOURCES)
        found: Counter[str] = Counter()
        with shown("reading") as progress:
            parts = sort_by_time(_counted(read_timed(args.path), found, progress))
            first = next(parts, None)  # reads everything
        if first is None:
            raise InputError(f"{args.path} has no records; give a file with at least one")
        began = time.monotonic()
        with shown("sending", found.total()) as progress:
            produce(sender, _chained(first, parts), SOURCES, speed=args.speed, progress=progress)
            sender.flush()
    seconds = time.monotonic() - began
    print(f"{found.total():,} records in {seconds:.1f} s ({found.total() / seconds:,.0f}/s)")
    for topic in SOURCES:
        print(f"  {found[topic]:>11,} {topic}")
    return 0


def _counted(parts: Iterable[Timed], found: Counter[str], progress: Progress) -> Iterator[Timed]:
    for part in parts:
        for topic, n in zip(SOURCES, np.bincount(part.tags, minlength=len(SOURCES)), strict=True):
            found[topic] += int(n)
        progress(len(part.values))
        yield part


def _chained(first: Timed, rest: Iterable[Timed]) -> Iterator[Timed]:
    yield first
    yield from rest
