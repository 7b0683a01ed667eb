"""Tables of the same figures by type, kind, scenario and segment."""

from typing import Final

from stream.report.block import absent, block, section
from stream.report.forms import count, share
from stream.report.markup import Html, joined, tag, text
from stream.report.table import Column, counts, figures, intervals, names, shares, table
from stream.report.value import Value, named, shown

COLUMNS: Final[tuple[Column, ...]] = (
    counts("events", "n"),
    counts("fraud", "n_fraud"),
    shares("average precision", "average_precision"),
    intervals("interval", "average_precision", share),
    figures("area under ROC", "roc_auc"),
    shares("found at few false alarms", "recall_at_fpr_1pct"),
    intervals("interval", "recall_at_fpr_1pct", share),
    Column("fraud in the highest hundred",
           lambda row: shown(row.at("precision_at_k", "100"), share)),
)  # fmt: skip


def breakdown(metrics: Value) -> Html:
    """Return the section of tables by what kind of event it was."""
    parts = (
        ("type", "By type of event", "Orders, browsing and reviews by themselves.", "type"),
        ("kind", "By kind of fraud", "The frauds of one kind against all legitimate events.",
         "kind of fraud"),
        ("scenario", "By scenario", "The frauds of one scenario, as the labels name it, against "
         "all legitimate events.", "scenario"),
    )  # fmt: skip
    tables = [
        _table(f"by-{key}", title, says, head, metrics.at(f"by_{key}").items(),
               f"No judged fraud has a {head}." if key != "type" else "No event was judged.")
        for key, title, says, head in parts
    ]  # fmt: skip
    return section(
        "breakdown", "By type, kind, scenario and segment",
        "Where the model is strong and where it is weak. Few frauds make wide intervals: compare "
        "these before the figures.",
        *tables, _segments(metrics.at("by_segment")),
    )  # fmt: skip


def _table(ident: str, title: str, says: str, head: str, rows: list[Value], why: str) -> Html:
    if not rows:
        return block(title, says, absent(why))
    return block(title, says, table(ident, title, [names(head), *COLUMNS], rows))


def _segments(segments: Value) -> Html:
    title, says = "By segment", "The events of one value of a column against each other."
    if not segments.items():
        return block(title, says, absent("No columns were given to split the events by."))
    parts = []
    for i, segment in enumerate(segments.items()):
        values = segment.at("values").items()
        more = [
            tag("p", text("Shown are the most frequent of "),
                shown(segment.at("n_values"), count), text(" values."), class_="soft")
        ] if (segment.at("n_values").raw or 0) > len(values) else []  # fmt: skip
        parts.append(
            joined(
                [
                    tag("h4", named(segment)),
                    table(f"segment-{i}", "Figures by the values of this column",
                          [names("value"), *COLUMNS], values),
                    *more,
                ]
            )
        )  # fmt: skip
    return block(title, says, *parts)
