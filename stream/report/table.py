"""Tables that scroll in a box of their own where the screen is narrow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stream.report.forms import count, figure, share
from stream.report.markup import Html, joined, tag, text
from stream.report.value import Value, named, ranged, shown, worded

LONG_HEAD: Final = 12
"""Characters from which on a heading gets room, so that it takes two lines and not four."""

Cell = Callable[[Value], Html]


@dataclass(frozen=True)
class Column:
    """A heading, and what it shows of each row's value; ``wordy`` where that is text."""

    head: str
    cell: Cell
    wordy: bool = False


def numbers(head: str, key: str, form: Callable[[float], str]) -> Column:
    """Return a column of the numbers that stand under a key of each row."""
    return Column(head, lambda row: shown(row.at(key), form))


def words(head: str, key: str) -> Column:
    """Return a column of the texts that stand under a key of each row."""
    return Column(head, lambda row: worded(row.at(key)), wordy=True)


def names(head: str) -> Column:
    """Return a column of the rows' own keys."""
    return Column(head, named, wordy=True)


def counts(head: str, key: str) -> Column:
    """Return a column of numbers of things."""
    return numbers(head, key, count)


def shares(head: str, key: str) -> Column:
    """Return a column of shares in percent."""
    return numbers(head, key, share)


def figures(head: str, key: str) -> Column:
    """Return a column of figures without a unit."""
    return numbers(head, key, figure)


def intervals(head: str, key: str, form: Callable[[float], str]) -> Column:
    """Return a column of the confidence intervals of a metric."""
    return Column(head, lambda row: ranged(row.at("interval_95", key), form))


def table(ident: str, caption: str, columns: Sequence[Column], rows: Sequence[Value]) -> Html:
    """Return a table; the first column names the rows, and ``ident`` is unique on the page.

    The caption says what the heading above it says and is there for those who hear the page.
    """
    kinds = ["t" if column.wordy else None for column in columns]
    head = joined(
        tag("th", text(column.head), scope="col", class_=_width(column, kind))
        for column, kind in zip(columns, kinds, strict=True)
    )
    body = joined(tag("tr", *_cells(columns, kinds, row)) for row in rows)
    return tag(
        "div",
        tag(
            "table",
            tag("caption", text(caption), id=f"{ident}-caption", class_="echo"),
            tag("thead", tag("tr", head)),
            tag("tbody", body),
        ),
        class_="scroll", tabindex="0", role="region", aria_labelledby=f"{ident}-caption",
    )  # fmt: skip


def _cells(columns: Sequence[Column], kinds: Sequence[str | None], row: Value) -> list[Html]:
    first = tag("th", columns[0].cell(row), scope="row", class_=kinds[0])
    rest = zip(columns[1:], kinds[1:], strict=True)
    return [first, *(tag("td", column.cell(row), class_=kind) for column, kind in rest)]


def _width(column: Column, kind: str | None) -> str | None:
    long = "long" if len(column.head) > LONG_HEAD else None
    return " ".join(part for part in (kind, long) if part) or None
