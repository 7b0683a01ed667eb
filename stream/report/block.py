"""What a section is made of: headings, paragraphs, plots with their numbers."""

from collections.abc import Sequence

from stream.report.markup import Html, joined, tag, text
from stream.report.table import Column, table
from stream.report.value import Value


def section(ident: str, heading: str, says: str, *parts: Html) -> Html:
    """Return a section of the page; ``says`` is its first paragraph."""
    return tag(
        "section",
        tag("h2", text(heading), id=f"{ident}-heading"),
        tag("p", text(says)),
        *parts,
        id=ident, aria_labelledby=f"{ident}-heading",
    )  # fmt: skip


def block(heading: str, says: str, *parts: Html) -> Html:
    """Return a part of a section under a heading of its own."""
    return tag("section", tag("h3", text(heading)), tag("p", text(says)), *parts, class_="block")


def card(heading: str, says: str, *parts: Html) -> Html:
    """Return the same in a frame."""
    return tag("section", tag("h3", text(heading)), tag("p", text(says)), *parts, class_="card")


def pair(*cards: Html) -> Html:
    """Return cards side by side, one below another on a phone."""
    return tag("div", *cards, class_="pair")


def absent(why: str) -> Html:
    """Return the sentence that stands where there is nothing to show."""
    return tag("p", text(why), class_="soft")


def figure(
    ident: str, heading: str, says: str, drawing: Html, columns: Sequence[Column], rows: Value
) -> Html:
    """Return a plot in a card, its numbers in a table that opens below it."""
    numbers = tag(
        "details",
        tag("summary", text("The numbers of this plot")),
        table(ident, heading, columns, rows.items()),
    )
    return card(heading, says, drawing, numbers)


def facts(entries: Sequence[tuple[str, Html]]) -> Html:
    """Return names and what they are, as a list of definitions."""
    return tag(
        "dl",
        joined(joined([tag("dt", text(name)), tag("dd", what)]) for name, what in entries),
        class_="facts",
    )
