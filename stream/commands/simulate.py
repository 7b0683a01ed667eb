"""``riskstream simulate``: a labelled synthetic shop, written as files."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from topics.errors import InputError
from topics.files import require_new_folder
from topics.simulator import SimulatorConfig, Summary, write_folder

SUMMARY = "write a labelled synthetic shop: events, labels, and the truth to measure against"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--users", type=int, required=True, metavar="N", help="people in the market"
    )
    parser.add_argument("--days", type=int, required=True, metavar="D", help="days to simulate")
    parser.add_argument(
        "--seed", type=int, required=True, metavar="S", help="same seed, same bytes"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--fraud-share",
        type=float,
        default=0.015,
        metavar="X",
        help="share of order and review events that are fraud (default 0.015)",
    )
    parser.add_argument(
        "--events",
        type=int,
        metavar="N",
        help="make people busy enough for N events, and stop there",
    )
    parser.add_argument(
        "--start", default="2025-01-01", metavar="DATE", help="first day (default 2025-01-01, UTC)"
    )


def run(args: argparse.Namespace) -> int:
    """Simulate, and print what was written."""
    require_new_folder(args.out)
    config = SimulatorConfig(
        users=args.users,
        days=args.days,
        seed=args.seed,
        fraud_share=args.fraud_share,
        events=args.events,
        start_ms=_midnight_ms(args.start),
    )
    began = time.monotonic()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not Console(stderr=True).is_terminal,
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        summary = write_folder(config, args.out, progress)
    _report(summary, args.out, time.monotonic() - began)
    return 0


def _midnight_ms(date: str) -> int:
    try:
        day = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InputError(f"--start must be a date such as 2025-01-01, not {date!r}") from None
    return int(day.timestamp()) * 1000


def _report(summary: Summary, out: Path, seconds: float) -> None:
    console = Console(highlight=False)
    n = summary.types.total()
    shares = ", ".join(f"{t} {c / max(1, n):.1%}" for t, c in sorted(summary.types.items()))
    console.print(f"{n:,} events: {shares}")
    console.print(f"{seconds:.1f} s, {n / seconds:,.0f} events per second")
    console.print(f"{summary.fraud_share:.2%} of the order and review events are fraud")
    table = Table("scenario", "cases", "fraud events")
    for column in table.columns[1:]:
        column.justify = "right"
    for scenario, n_events in sorted(summary.fraud.items()):
        table.add_row(scenario, f"{summary.cases[scenario]:,}", f"{n_events:,}")
    console.print(table)
    labels = Table("labels", "bad", "good")
    for column in labels.columns[1:]:
        column.justify = "right"
    for kind in sorted({kind for kind, _ in summary.labels}):
        bad, good = summary.labels[kind, True], summary.labels[kind, False]
        labels.add_row(kind, f"{bad:,}", f"{good:,}")
    console.print(labels)
    for name, size in summary.n_bytes.items():
        console.print(f"{out / name}  {size / 1e6:,.2f} MB", soft_wrap=True)
