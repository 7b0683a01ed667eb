"""Features that moved between the warm-up and the test."""

from stream.report.block import absent, section
from stream.report.forms import count, figure, plain
from stream.report.markup import Html, joined, tag, text
from stream.report.table import Column, numbers, shares, table, words
from stream.report.value import Value, shown, worded


def drift(metrics: Value) -> Html:
    """Return the section on the features that moved most."""
    moved = metrics.at("moved")
    about = (
        "A model knows the past. Features whose values changed since are the first to look at "
        "when the figures are worse than they were."
    )
    title = "Features that moved between warm-up and test"
    if not moved.at("features").raw:
        why = "No event before the test had enough history: there is nothing to compare with."
        return section("moved", title, about, absent(why))
    columns = [
        Column("feature", _feature, wordy=True),
        words("unit", "unit"),
        numbers("stability index", "psi", figure),
        numbers("median before", "median_before", plain),
        numbers("median in the test", "median_after", plain),
        shares("unknown before", "unknown_share_before"),
        shares("unknown in the test", "unknown_share_after"),
    ]
    sampled = tag(
        "p", text("Compared were "), shown(moved.at("n_sampled_before"), count), text(" of "),
        shown(moved.at("n_before"), count), text(" events before the test and "),
        shown(moved.at("n_sampled_after"), count), text(" of "),
        shown(moved.at("n_after"), count), text(" in it. The population stability index is the "
        "sum, over the tenths of the values before and one group for unknown ones, of the "
        "difference of both shares times the logarithm of their ratio. Below a tenth is usually "
        "not worth a look; above a quarter is a large change."),
    )  # fmt: skip
    return section(
        "moved", title, about, sampled,
        table("moved-table", "The features that moved most", columns,
              moved.at("features").items()),
    )  # fmt: skip


def _feature(row: Value) -> Html:
    about = tag("span", worded(row.at("about")), class_="soft")
    return joined([worded(row.at("feature")), about])
