"""The whole report of a backtest."""

from collections.abc import Mapping
from typing import Any, Final

from stream.report.alerts import alerts
from stream.report.breakdown import breakdown
from stream.report.cold import TITLE as COLD
from stream.report.cold import cold
from stream.report.difference import TITLE, difference
from stream.report.drift import drift
from stream.report.markup import Html, joined, tag, text
from stream.report.mistakes import mistakes
from stream.report.parts import TITLE as PARTS
from stream.report.parts import parts
from stream.report.probabilities import probabilities
from stream.report.ran import heading, main_figures, what_ran
from stream.report.ranking import ranking
from stream.report.style import STYLE
from stream.report.value import Value, shown

CONTENTS: Final = (
    ("figures", "Main figures"),
    ("ran", "What ran"),
    ("ranking", "Ranking"),
    ("probabilities", "Probabilities"),
    ("parts", PARTS),
    ("alerts", "Alerts"),
    ("breakdown", "By type, kind, scenario and segment"),
    ("mistakes", "Worst mistakes"),
    ("moved", "Moved features"),
)
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The browser itself refuses anything that is not on the page."""


def render(metrics: Mapping[str, Any]) -> str:
    """Return the report as one HTML page that needs nothing else.

    ``metrics`` is the content of ``metrics.json``, with ``run``, ``curves``, ``examples``,
    ``moved``, ``trained``, ``cold`` and ``against`` where there are such; what is missing is said
    in words. Every number on the page is one of ``metrics``, in an element whose ``data-path`` says
    which and whose ``data-value`` is its exact value as JSON. Names are shown as they are, whatever
    they contain.
    """
    value = Value(metrics)
    contents = list(CONTENTS)
    if metrics.get("cold") is not None:
        contents.insert(1, ("cold", COLD))
    if metrics.get("against") is not None:
        contents.append(("against", TITLE))
    body = tag(
        "body",
        tag("a", text("Skip to the figures"), class_="skip", href="#main"),
        tag("header", heading(value), _navigation(contents)),
        tag(
            "main",
            main_figures(value),
            cold(value),
            what_ran(value),
            ranking(value),
            probabilities(value),
            parts(value),
            alerts(value),
            breakdown(value),
            mistakes(value),
            drift(value),
            difference(value),
            id="main",
        ),
        tag("footer", _footer(value)),
    )
    return f"<!doctype html>\n{tag('html', _head(), body, lang='en')}\n"


def _head() -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", text("Backtest report")),
        tag("style", Html(STYLE)),
    )


def _navigation(contents: list[tuple[str, str]]) -> Html:
    links = (tag("li", tag("a", text(name), href=f"#{ident}")) for ident, name in contents)
    return tag("nav", tag("ul", *links), aria_label="Contents")


def _footer(metrics: Value) -> Html:
    return tag(
        "p",
        joined(
            [
                text("Made by riskstream from metrics.json, version "),
                shown(metrics.at("schema_version"), str),
                text(" of its layout. Every number here stands there."),
            ]
        ),
    )
