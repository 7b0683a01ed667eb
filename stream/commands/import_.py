"""``riskstream import``: a public data set as events and labels."""

import argparse
import time
from pathlib import Path

from stream.progress import shown
from topics.errors import InputError
from topics.sources import SOURCES
from topics.sources.conversion import Options
from topics.sources.importing import EVENTS, LABELS, Imported, import_source
from topics.vocabulary import LABEL_KINDS

SUMMARY = "turn a public data set into events and labels"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    about = "; ".join(f"{name}: {source.summary}" for name, source in SOURCES.items())
    parser.add_argument("source", metavar="SOURCE", choices=SOURCES, help=about)
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="its table or a folder of them: CSV or parquet"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--limit", type=int, metavar="N", help="stop after N events")
    parser.add_argument(
        "--label-kind",
        metavar="KIND",
        choices=LABEL_KINDS,
        help="reviews-zh: make the sentiment a label of this kind; ratings are then all 3",
    )
    parser.add_argument(
        "--label-days",
        type=float,
        metavar="D",
        help="days until a label is known (default: handbook 7, others 30)",
    )


def run(args: argparse.Namespace) -> int:
    """Convert, and print what was written and what was left out."""
    if args.limit is not None and args.limit < 1:
        raise InputError(f"--limit is {args.limit}; it must be 1 or more")
    if args.label_days is not None and not 0 <= args.label_days <= 3650:
        raise InputError(f"--label-days is {args.label_days}; it must be 0 to 3650")
    if args.label_kind is not None and args.source != "reviews-zh":
        raise InputError(
            f"--label-kind is for reviews-zh; {args.source} has its own labels or none"
        )
    options = Options(label_kind=args.label_kind, label_days=args.label_days)
    began = time.monotonic()
    with shown(f"importing {args.source}") as progress:
        done = import_source(
            args.source, args.path, args.out, options, limit=args.limit, progress=progress
        )
    _report(done, args.out, time.monotonic() - began)
    return 0


def _report(done: Imported, out: Path, seconds: float) -> None:
    print(f"{done.events.total():,} events in {seconds:.1f} s")
    for (kind, step), n in sorted(done.events.items()):
        print(f"  {n:>9,} {kind} {step}".rstrip())
    if done.labels:
        print(f"{done.labels.total():,} labels")
        for kind, n in sorted(done.labels.items()):
            print(f"  {n:>9,} {kind}")
    for reason, n in sorted(done.left_out.items()):
        print(f"left out: {n:,} x {reason}")
    for name in (EVENTS, LABELS) if done.labels else (EVENTS,):
        print(f"{out / name}  {(out / name).stat().st_size / 1e6:,.1f} MB")
