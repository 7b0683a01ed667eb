"""What a chaos test found, as one row of the table at the end of the run."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

PROPERTY = "chaos"
HEAD = ("fault", "times", "what happens", "events", "lost", "counted twice", "decided again",
        "seconds until it processes again, median / most", "test")  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """One fault: how often it was made, what it did to how many events, and for how long.

    ``seconds`` are from the fault until each partition has decisions again; empty: the worker did
    not have to come back, or was told not to.
    """

    fault: str
    happens: str
    n_faults: int
    n_events: int
    n_repeated: int
    seconds: Sequence[float] = ()
    n_lost: int = 0
    n_twice: int = 0

    def as_property(self) -> tuple[str, dict[str, Any]]:
        """Return it as pytest keeps it with a report, through the processes of xdist too."""
        return PROPERTY, asdict(self)


def cells(found: dict[str, Any], nodeid: str) -> list[str]:
    """Return the cells of a row."""
    times = found["seconds"]
    again = f"{median(times):.1f} / {max(times):.1f}" if times else "-"
    path, _, name = nodeid.partition("::")
    return [
        found["fault"], str(found["n_faults"]), found["happens"], f"{found['n_events']:,}",
        f"{found['n_lost']:,}", f"{found['n_twice']:,}", f"{found['n_repeated']:,}", again,
        f"`{path.rpartition('/')[2]}::{name}`",
    ]  # fmt: skip


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table.

    >>> table([["kill"]])[-1]
    '| kill |'
    """
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]
