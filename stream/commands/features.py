"""``riskstream features``: the feature table."""

import argparse

import orjson
from rich.console import Console
from rich.table import Table

from stream.pipeline.features import FEATURE_VERSION, FEATURES

SUMMARY = "print the feature table: name, unit, window, whether the current event counts"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    form.add_argument("--markdown", action="store_true", help="the table of docs/features.md")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    if args.json:
        rows = [
            {
                "name": f.name,
                "unit": f.unit,
                "window": f.window,
                "current_event_counts": f.current,
                "depends_on": "shared" if f.shared else "own",
                "about": f.about,
            }
            for f in FEATURES
        ]
        document = {"feature_version": FEATURE_VERSION, "features": rows}
        print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return 0
    if args.markdown:
        print(markdown(), end="")
        return 0
    title = f"{len(FEATURES)} features, version {FEATURE_VERSION}"
    table = Table(title=title, title_justify="left")
    for column in ("name", "unit", "window", "current", "depends on", "what it is"):
        table.add_column(column)
    for f in FEATURES:
        current = "counts" if f.current else "-"
        table.add_row(f.name, f.unit, f.window, current, "shared" if f.shared else "own", f.about)
    Console().print(table)
    return 0


def markdown() -> str:
    """Return the table as Markdown, for the documentation."""
    lines = [
        "# Features",
        "",
        f"Made by `riskstream features --markdown`: {len(FEATURES)} features, version "
        f"`{FEATURE_VERSION}`, in the order of the array `features` of a decision. A feature is "
        "read before its event is applied; where the event itself counts, the table says so. "
        "`shared` features depend on what other users did and on labels, all others on the user's "
        "own events.",
        "",
        "| name | unit | window | current event | depends on | what it is |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{f.name}` | {f.unit} | {f.window} | {'counts' if f.current else '-'} "
        f"| {'shared' if f.shared else 'own'} | {f.about} |"
        for f in FEATURES
    ]
    return "\n".join(lines) + "\n"
