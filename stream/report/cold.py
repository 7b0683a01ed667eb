"""The figures over cold events, where hardly any other can be judged."""

from typing import Final

from stream.report.block import section
from stream.report.forms import count
from stream.report.markup import Html, joined, tag, text
from stream.report.ran import MAIN
from stream.report.table import Column, table
from stream.report.value import Value, ranged, shown, worded

TITLE: Final = "Events that are not judged"


def cold(metrics: Value) -> Html:
    """Return the section on cold events, nothing where the metrics have no such block."""
    found = metrics.at("cold")
    if found.raw is None:
        return Html("")
    forms = {key: form for key, _, form, _ in MAIN}
    titles = {key: name for key, name, _, _ in MAIN}
    columns = [
        Column("figure", lambda row: text(titles[row.path[-1]]), wordy=True),
        Column("value", lambda row: shown(row, forms[row.path[-1]])),
        Column("interval", lambda row: _interval(found, row.path[-1])),
    ]
    counted = joined(
        [
            shown(found.at("n"), count), text(" of them have an outcome, "),
            shown(found.at("n_fraud"), count), text(" are fraud."),
        ]
    )  # fmt: skip
    return section(
        "cold", TITLE,
        "These figures are over events of users whose history was too short to be covered. They "
        "are no part of the figures above or below, and a live system, which knows its users, may "
        "do better or worse.",
        tag("p", worded(found.at("why"))),
        tag("p", counted, class_="soft"),
        table("cold-figures", TITLE, columns, [found.at(key) for key in forms]),
    )  # fmt: skip


def _interval(found: Value, key: str) -> Html:
    form = next(form for name, _, form, _ in MAIN if name == key)
    return ranged(found.at("interval_95", key), form)
