"""`riskstream evaluate`: whether the decisions of a backtest treat groups of events alike."""

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from stream.progress import shown
from stream.settings import read_settings
from topics.errors import InputError
from topics.vocabulary import ACTIONS

SUMMARY = "compare what a backtest decided between groups of events; a gate for releases"
RATES = ("selection_rate", "false_positive_rate")
FILE = "evaluation.json"
WIDTH = 116
"""Columns of the table: no narrower one holds the intervals on one line."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "run", type=Path, metavar="DIR",
        help="the --out of `riskstream backtest`: decisions.parquet and metrics.json",
    )  # fmt: skip
    parser.add_argument(
        "--events", type=Path, required=True, metavar="PATH", help="the events it read"
    )
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="PATH", help="file or folder of their labels"
    )
    parser.add_argument(
        "--by", action="append", required=True, metavar="COLUMN",
        help="a field of the events (channel, payment.method) or one of their attributes whose "
        "values are the groups; may be given more than once",
    )  # fmt: skip
    parser.add_argument(
        "--selected", choices=ACTIONS[1:], default=ACTIONS[1],
        help=f"an event counts as selected from this action on (default {ACTIONS[1]}: any alert)",
    )  # fmt: skip
    parser.add_argument(
        "--min-ratio", type=float, metavar="X",
        help="the gate: exit 1 where the lowest rate of a group over the highest is below X "
        "(default: no gate)",
    )  # fmt: skip
    parser.add_argument(
        "--min-group", type=int, default=200, metavar="N",
        help="groups of fewer events are shown but not compared (default 200)",
    )  # fmt: skip
    parser.add_argument(
        "--rate", choices=RATES, default=RATES[0],
        help="the rate that the gate looks at (default selection_rate)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"a new file (default DIR/{FILE})")


def run(args: argparse.Namespace) -> int:
    """Compare, print a table per column, write the figures, and judge the gate."""
    if args.min_ratio is not None and not 0 <= args.min_ratio <= 1:
        raise InputError(f"--min-ratio is {args.min_ratio:g}; give a number from 0 to 1")
    if args.min_group < 1:
        raise InputError(f"--min-group is {args.min_group}; give a whole number from 1 on")
    out = args.out or args.run / FILE
    if out.exists():
        raise InputError(f"{out} exists already; remove it, or give another --out")
    from stream.judging.gate import Gate
    from stream.judging.groups import compare_groups
    from stream.loading import build_decoder
    from stream.replay.decided import DecidedRun, judged_again
    from topics.hashing import Tokens

    settings = read_settings()
    decided = DecidedRun.read(args.run, Tokens(settings.token_key.encode()))
    by = tuple(dict.fromkeys(args.by))
    decoder = build_decoder(settings)
    least, code = args.min_group, ACTIONS.index(args.selected)
    with shown("evaluating") as advance:
        judged = judged_again(decided, args.events, args.labels, decoder, by, advance)
        if not len(judged):
            raise InputError(
                f"no user in {args.run} has a history that is covered; let the backtest's events "
                "begin 30 days or more before its --from"
            )
        columns = {
            name: compare_groups(judged, name, selected_from=code, min_group=least) for name in by
        }
    gate = None if args.min_ratio is None else Gate(args.rate, args.min_ratio, least).judge(columns)
    found = {
        "schema_version": 1, "run": decided.run, "unlabelled": decided.unlabelled,
        "selected": args.selected, "min_group": least, "n": len(judged), "n_cold": judged.n_cold,
        "columns": columns, "gate": gate,
    }  # fmt: skip
    out.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.width = max(console.width, WIDTH)
    for name, column in columns.items():
        console.print(_table(name, column, args.selected))
    console.print(f"all figures: {out}")
    if gate is None or gate["met"]:
        return 0
    print(f"riskstream evaluate: {'; '.join(gate['failures'])}", file=sys.stderr)
    return 1


def _table(name: str, found: dict[str, Any], selected: str) -> Table:
    table = Table(title=f"by {name}: {found['n']:,} events; selected: {selected} and stricter")
    for heading in ("group", "events", "selected", "ratio", "false positives", "ratio", "score"):
        table.add_column(heading, justify="left" if heading == "group" else "right")
    for group, row in found["groups"].items():
        table.add_row(
            group if row["compared"] else f"{group} (few)",
            f"{row['n']:,}",
            _within(row, "selection_rate", ".1%"),
            _number(row["selection_rate_ratio"], ".2f"),
            _within(row, "false_positive_rate", ".1%"),
            _number(row["false_positive_rate_ratio"], ".2f"),
            _within(row, "score_shift", "+.3f"),
        )
    worst = found["worst"]
    table.add_row(
        "worst", "", "", _within(worst["selection_rate"], "ratio", ".2f"), "",
        _within(worst["false_positive_rate"], "ratio", ".2f"), "",
    )  # fmt: skip
    return table


def _within(row: dict[str, Any], name: str, form: str) -> str:
    """Write a figure with its interval."""
    spread = row["interval_95"]
    ends = spread[name] if isinstance(spread, dict) else spread
    shown_ends = f" ({ends[0]:{form}} to {ends[1]:{form}})" if ends else ""
    return _number(row[name], form) + shown_ends


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"
