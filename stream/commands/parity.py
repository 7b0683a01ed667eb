"""``riskstream parity``: whether two sets of decisions about the same events are equal."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stream.progress import shown

if TYPE_CHECKING:
    from stream.parity.differences import Difference, Value
    from stream.parity.report import Absent, Report

SUMMARY = "compare what was logged with what a replay decides, field by field"
DIFFERENT = 1
PIPED_WIDTH = 150
KINDS = {"own": "own feature", "shared": "shared feature"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    for name, about in [("logged", "what was published"), ("replayed", "what a replay computed")]:
        parser.add_argument(
            f"--{name}", type=Path, required=True, metavar="PATH",
            help=f"decisions, {about}: a parquet file or a folder of them",
        )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument(
        "--share", type=float, default=1.0, metavar="X",
        help="compare only this part of the users, always the same ones (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--tolerance", type=float, default=1e-5, metavar="X",
        help="how far scores may lie apart: probabilities absolutely, money relatively "
        "(default 1e-5); features never",
    )  # fmt: skip
    parser.add_argument(
        "--shared-too", action="store_true",
        help="features that depend on other users and on labels must be equal as well",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Compare; 0: everything that counts is equal, 1: it is not."""
    from stream.parity.compare import compare_decisions
    from stream.parity.source import ideal_beside, open_source

    logged, replayed = open_source(args.logged), open_source(args.replayed)
    ideal = ideal_beside(replayed)
    total = 2 * args.share * (logged.n_rows + replayed.n_rows) * (1 if ideal is None else 2)
    with shown("reading and comparing decisions", total) as progress:
        report = compare_decisions(
            logged, replayed, ideal=ideal, tolerance=args.tolerance, share=args.share,
            shared_counts=args.shared_too, progress=progress,
        )  # fmt: skip
    if args.json:
        print(orjson.dumps(report.as_object(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(report)
    return 0 if report.equal else DIFFERENT


def _print(report: "Report") -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPED_WIDTH)
    part = report.part
    lines = [
        f"{part.n_logged:,} events logged, {part.n_replayed:,} replayed, {part.n_matched:,} in "
        f"both; {part.n_judged:,} compared",
        f"not compared: {part.n_cold:,} not warm, {part.n_degraded:,} degraded",
        _absent("missing (logged, not replayed)", part.missing),
        _absent("extra (replayed, not logged)", part.extra),
    ]
    if part.n_repeated:
        lines.append(f"{part.n_repeated:,} more records of the same events were passed over")
    if report.share < 1.0:
        lines.append(f"only {report.share:g} of the users were looked at")
    for what, one, other in [
        ("models", report.logged.models, report.replayed.models),
        ("policies", report.logged.policies, report.replayed.policies),
    ]:
        if one != other:
            lines.append(f"{what} differ: {', '.join(one)} logged, {', '.join(other)} replayed")
    for line in lines:
        console.print(Text(_clean(line)))
    if report.differing:
        console.print(_table(report))
    console.print(_verdict(report))


def _absent(what: str, absent: "Absent") -> str:
    example = f", such as {absent.example}" if absent.example is not None else ""
    apart = f"; {absent.n_not_judged:,} not warm or degraded" if absent.n_not_judged else ""
    return f"{what}: {absent.n:,}{example}{apart}"


def _table(report: "Report") -> Table:
    table = Table(title="what differs, the worst first", title_justify="left")
    table.add_column("what")
    table.add_column("name", overflow="fold")
    for heading in ("events", "share", "known to one", "near", "largest error"):
        table.add_column(heading, justify="right")
    for heading in ("example", "logged", "replayed"):
        table.add_column(heading, overflow="fold")
    for difference in report.differing:
        counts = report.counts(difference)
        table.add_row(*_row(difference, report.part.n_judged), style="bold red" if counts else "")
    return table


def _row(difference: "Difference", n_judged: int) -> list[Text]:
    example = difference.example
    told = (
        [example.event_id, _value(example.logged), _value(example.replayed)]
        if example
        else ["", "", ""]
    )
    cells = [
        KINDS.get(difference.kind, difference.kind),
        difference.name,
        f"{difference.n:,}",
        _share(difference.n / n_judged),
        f"{difference.n_unknown:,}",
        f"{difference.n_near:,}",
        f"{difference.largest_error:.1e}" if difference.largest_error else "-",
        *told,
    ]
    return [Text(_clean(cell)) for cell in cells]


def _verdict(report: "Report") -> Text:
    own, shared = report.of("own"), report.of("shared")
    n_own, n_shared = (sum(d.n == 0 for d in group) for group in (own, shared))
    features = (
        f"{n_own} of {len(own)} own and {n_shared} of {len(shared)} shared features equal bit for "
        f"bit, scores compared within {report.tolerance:g}"
    )
    if report.equal:
        return Text(f"equal: {features}", "bold green")
    return Text(f"different: {features}", "bold red")


def _share(share: float) -> str:
    return "<0.01%" if 0.0 < share < 1e-4 else f"{share:.2%}"


def _value(value: "Value") -> str:
    if value is None:
        return "unknown"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
