"""``riskstream features``: the feature table."""

import argparse
from textwrap import fill

import orjson
from rich.console import Console

from stream.pipeline.feature import Feature
from stream.pipeline.features import FEATURE_VERSION, FEATURES

SUMMARY = "print the feature table: name, unit, window, whether the current event counts"

HEAD = ("name", "unit", "window", "current", "depends on", "what it is")
INDENT = "    "


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
                "depends_on": _depends_on(f),
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
    _print_table()
    return 0


def _print_table() -> None:
    """Print a line per feature; on a terminal that is too narrow, what it is in lines below."""
    rows = [HEAD] + [
        (f.name, f.unit, f.window, "counts" if f.current else "-", _depends_on(f), f.about)
        for f in FEATURES
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console = Console(highlight=False, soft_wrap=True)
    folds = console.is_terminal and sum(widths) + 2 * len(widths) > console.width
    console.print(f"{len(FEATURES)} features, version {FEATURE_VERSION}\n")
    for row in rows:
        *parts, about = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        style = "bold" if row is HEAD or folds else None
        if folds:
            console.print("  ".join(parts).rstrip(), style=style)
            console.print(
                fill(about, console.width, initial_indent=INDENT, subsequent_indent=INDENT)
            )
        else:
            console.print("  ".join((*parts, about)).rstrip(), style=style)


def _depends_on(feature: Feature) -> str:
    return "shared" if feature.shared else "own"


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
        f"| {_depends_on(f)} | {f.about} |"
        for f in FEATURES
    ]
    return "\n".join(lines) + "\n"
