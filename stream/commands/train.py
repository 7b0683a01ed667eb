"""`riskstream train`: replays history, and trains and calibrates a model on it."""

import argparse
import math
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from model.progress import OUT_OF_TIME
from stream.commands.fields_read import fields_read
from stream.commands.history import add_events
from stream.moment import moment_ms
from stream.settings import add_flags, read_settings
from topics.errors import InputError
from topics.files import require_new_folder
from topics.newfolder import new_folder

SUMMARY = "train a model on replayed history"
DAY_MS = 86_400_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_events(parser)
    parser.add_argument(
        "--labels", type=Path, metavar="PATH",
        help="file or folder of their labels; without any, only what is unusual and what users "
        "will spend can be learned",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="start", metavar="TIME",
        help="learn from events from then on; those before count as history (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--until", required=True, metavar="TIME",
        help="the moment of training: nothing that happened or became known later is used. A date "
        "(its midnight UTC), a time with offset, or epoch milliseconds; --from likewise",
    )  # fmt: skip
    parser.add_argument(
        "--label-delay", type=float, default=0.0, metavar="DAYS",
        help="leave out events younger than this at --until (default 0): frauds among them that "
        "are not known yet would count as honest and make the probabilities too small",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="MODEL_DIR", help="a new folder")
    parser.add_argument(
        "--export", type=Path, metavar="FILE",
        help=".parquet: the training rows with named features, event time and the time at which "
        "the label became known, for other tools; without --out nothing is trained",
    )  # fmt: skip
    parser.add_argument(
        "--export-asked", type=Path, metavar="FILE",
        help=".parquet: the rows that expected spend is learned from, every customer at regular "
        "moments, with what was spent after",
    )  # fmt: skip
    parser.add_argument(
        "--base", default="auto", metavar="MODEL",
        help="text encoder: a Hugging Face name or folder; auto (the default): "
        "multilingual-e5-small where riskstream[offline] is installed; none: only sketches",
    )  # fmt: skip
    parser.add_argument(
        "--unlabelled", choices=("negative", "ignore"), default="negative",
        help="what an event without a label counts as: honest, or left out (default negative)",
    )  # fmt: skip
    parser.add_argument(
        "--spend-horizon-days",
        type=int,
        default=30,
        metavar="N",
        help="learn from the spend of N days (default 30); the model tells spend per 30 days",
    )
    parser.add_argument(
        "--max-rows", type=int, default=600_000, metavar="N",
        help="above this many events, learn from a random part of the users (default 600000)",
    )  # fmt: skip
    parser.add_argument(
        "--max-texts", type=int, default=4_000, metavar="N",
        help="distinct texts to encode for training (default 4000)",
    )  # fmt: skip
    parser.add_argument(
        "--max-seconds", type=float, metavar="S",
        help="time for the epochs of the network (default: until it no longer improves)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S",
        help="same seed and data, same model, unless the time runs out (default 0)",
    )  # fmt: skip
    add_flags(parser, "policy", "threads")


def run(args: argparse.Namespace) -> int:
    """Train, and print what the model can do."""
    _check(args)
    if args.out is None and args.export is None and args.export_asked is None:
        raise InputError("give --out for a model, --export for its rows, or both")
    if args.out is not None:
        require_new_folder(args.out)
    for name, path in (("--export", args.export), ("--export-asked", args.export_asked)):
        if path is not None and path.suffix != ".parquet":
            raise InputError(f"{name} {path} must end in .parquet")
    settings = read_settings(args)
    from stream.loading import build_decoder, load_policy
    from stream.replay.learning import Exports, Learning, base_of, learn, learned_rows

    until = moment_ms(args.until, "--until")
    start = moment_ms(args.start, "--from") if args.start else 0
    if start >= until:
        raise InputError(f"--from {args.start} is not before --until {args.until}")
    if args.out is not None and args.base == "auto" and base_of(args.base) is None:
        print(
            "riskstream train: no text encoder is installed; texts count by their sketches only "
            "(install riskstream[offline], or name one with --base)",
            file=sys.stderr,
        )
    decoder, policy = build_decoder(settings), load_policy(settings.policy)
    what = Learning(
        events=args.events,
        labels=args.labels,
        from_ms=start,
        until_ms=until,
        label_delay_ms=int(args.label_delay * DAY_MS),
        unlabelled=args.unlabelled,
        horizon_ms=args.spend_horizon_days * DAY_MS,
        max_rows=args.max_rows,
        base=args.base,
        max_texts=args.max_texts,
        max_seconds=args.max_seconds,
        seed=args.seed,
        zone_ms=settings.zone_minutes * 60_000,
        lag_ms=settings.visibility_lag_ms,
        threads=settings.threads,
    )
    exports = Exports(args.export, args.export_asked)
    if args.out is None:
        rows = learned_rows(decoder, policy, what, exports)
        if args.export is not None:
            n_fraud = int((rows.label == 1).sum())
            print(f"{len(rows):,} rows, {n_fraud:,} of them fraud: {args.export}")
        if args.export_asked is not None and rows.asked is not None:
            print(f"{len(rows.asked):,} rows of customers asked: {args.export_asked}")
    else:
        with new_folder(args.out) as out:  # now, so that hours of training have a place to go
            manifest = learn(decoder, policy, what, out, exports)
        _print(manifest, args.out)
    return 0


_RANGES: dict[str, tuple[float, float]] = {
    "label_delay": (0, 3650),
    "spend_horizon_days": (1, 365),
    "max_rows": (1, math.inf),
    "max_texts": (0, math.inf),
    "max_seconds": (0, math.inf),
    "seed": (0, 2**32 - 1),
}


def _check(args: argparse.Namespace) -> None:
    """Raise InputError where a number is none or lies outside its range."""
    for name, (low, high) in _RANGES.items():
        value = getattr(args, name)
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            limits = f"at least {low}" if high == math.inf else f"from {low} to {high}"
            raise InputError(f"--{name.replace('_', '-')} is {value}; it must be {limits}")


def _print(manifest: dict[str, Any], out: Path) -> None:
    """Say what the model learned from, how well it ranks, and what it cannot tell."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"model {manifest['name']} {manifest['version']} in {out}")
    learned = manifest["training"]
    console.print(
        f"learned from {learned['n_rows']:,} events, {learned['n_fraud']:,} of them known as fraud"
    )
    table = Table("part", title="judged on the newest events of the training", title_justify="left")
    for column in ("average precision", "ROC AUC"):
        table.add_column(column, justify="right")
    for part, values in manifest["metrics"].items():
        figures = (values["average_precision"], values["roc_auc"])
        table.add_row(part, *("-" if found is None else f"{found:.3f}" for found in figures))
    if table.row_count:
        console.print(table)
    if learned["ended_by"] == OUT_OF_TIME:
        n = learned["whole_epochs"]
        console.print(
            f"the network's training ran into --max-seconds after {n} whole "
            f"epoch{'' if n == 1 else 's'}, before it had stopped improving"
        )
    for line in fields_read(manifest["attributes"]):
        console.print(line, markup=False)
    for what in manifest["lacks"]:
        console.print(f"this model gives {what}")
    console.print(f"trained {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
