"""The figures of a benchmark, one a line, as people read them."""

from typing import Any

from rich.console import Console
from rich.table import Table

DETAILS = ("series",)
"""Long lists, for programs."""


def show_figures(found: dict[str, Any], console: Console | None = None) -> None:
    """Print every figure with its name; a list of objects becomes a table of its own."""
    console = console or Console(highlight=False)
    table = Table(str(found["bench"]), "")
    lists: list[tuple[str, list[dict[str, Any]]]] = []
    for name, value in found.items():
        if name in (*DETAILS, "bench"):
            continue
        if isinstance(value, list):
            lists.append((name, value))
        elif isinstance(value, dict):
            table.add_row(name, ", ".join(f"{key} {shown(part)}" for key, part in value.items()))
        else:
            table.add_row(name, shown(value))
    console.print(table)
    for name, rows in lists:
        if rows:
            part = Table(*rows[0], title=name)
            for row in rows:
                part.add_row(*(shown(value) for value in row.values()))
            console.print(part)


def shown(value: Any) -> str:
    """Return a figure with its thousands set apart.

    >>> shown(1234567), shown(1234.5), shown("x"), shown(None)
    ('1,234,567', '1,234.5', 'x', 'none')
    """
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
