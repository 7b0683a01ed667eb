"""`bench peers`: one job on our worker and on other stream processors, every answer checked."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from stream.bench.broker import ROOT
from topics.errors import InputError

USERS = 50_000
FEWEST_EVENTS = 50_000
"""Fewer are answered in so few batches that there is no middle of the run to measure."""


def bench_peers(
    only: str | None, n_events: int, brokers: str | None, cache: Path
) -> dict[str, Any]:
    """Run the programs named in ``only``, separated by commas, None for all; see tests/bench/peers.

    Raises InputError for a name that is none, outside of a checkout, and where a program cannot be
    had; RuntimeError where one fails or answers wrongly.
    """
    if not (ROOT / "tests" / "bench" / "peers").exists():
        raise InputError("the peers' programs are in a checkout of the repository, in tests/bench")
    if n_events < FEWEST_EVENTS:
        raise InputError(f"--events is {n_events}; it must be {FEWEST_EVENTS} or more")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    known = list(import_module("tests.bench.peers.programs").PROGRAMS)
    names = known if only is None else list(dict.fromkeys(only.split(",")))
    for name in names:
        if name not in known:
            raise InputError(f"--only has {name!r}; it must name some of {', '.join(known)}")
    compare = import_module("tests.bench.peers.run").compare
    found: dict[str, Any] = compare(tuple(names), n_events, USERS, brokers, cache)
    return found


def show_peers(found: dict[str, Any], console: Console | None = None) -> None:
    """Print the figures of the programs, and how many times as fast as each ours is."""
    console = console or Console(highlight=False)
    table = Table(
        "program", "events/s", "events per CPU second", "peak MB", "changelog", "ours is",
        "per CPU second", title=f"{found['events']:,} events of {found['bytes_per_event']:g} bytes",
    )  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for name, figures in found["programs"].items():
        ratio = found["ratios"].get(name, {})
        states = figures["changelog_records"]
        table.add_row(
            name,
            f"{figures['events_per_s']:,.0f}",
            f"{figures['events_per_cpu_s']:,.0f}",
            f"{figures['peak_mb']:,}",
            "none" if states is None else f"{states:,}",
            *(f"{times:g} times" for times in ratio.values()),
        )
    console.print(table)
    console.print(f"on {found['broker']}, {found['cores']} cores; every answer was right")
    for name, figures in found["programs"].items():
        console.print(f"{name}: {figures['versions']}")
