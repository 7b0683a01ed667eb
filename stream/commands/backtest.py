"""`riskstream backtest`: what a model and a policy would have decided on history, and how well."""

import argparse
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from stream.moment import moment_ms
from stream.settings import add_flags, read_settings
from topics.errors import InputError

SUMMARY = "replays history through the worker's pipeline and judges what it decides"
MOST_SHOWN = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--events", type=Path, required=True, metavar="PATH", help="events")
    parser.add_argument("--labels", type=Path, required=True, metavar="PATH", help="their labels")
    parser.add_argument(
        "--model", type=Path, required=True, metavar="MODEL_DIR", help="a trained model"
    )
    parser.add_argument(
        "--from", dest="start", required=True, metavar="TIME",
        help="first event to report; what lies before it only warms the states",
    )  # fmt: skip
    parser.add_argument("--to", dest="end", required=True, metavar="TIME", help="end, exclusive")
    parser.add_argument(
        "--drop-known", type=float, metavar="DAYS",
        help="leave out users labelled bad at least DAYS before an event's day, for something that "
        "happened since the model's training began",
    )  # fmt: skip
    parser.add_argument(
        "--unlabelled", choices=("negative", "ignore"), default="negative",
        help="what an event without a label counts as (default negative)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    add_flags(parser, "policy", "threads")


def run(args: argparse.Namespace) -> int:
    """Replay, write decisions and metrics, and print the main figures."""
    settings = read_settings(args)
    start, end = moment_ms(args.start, "--from"), moment_ms(args.end, "--to")
    if start >= end:
        raise InputError(f"--from {args.start} is not before --to {args.end}")
    if args.drop_known is not None and not 0 <= args.drop_known <= 3650:
        raise InputError(f"--drop-known is {args.drop_known}; give 0 to 3650 days")
    import torch

    from model.scorer import ModelScorer
    from stream.judging.metrics import metrics_of
    from stream.loading import build_decoder, load_policy
    from stream.pipeline.features import NAMES
    from stream.progress import shown
    from stream.replay.backtest import BacktestPlan, run_backtest

    torch.set_num_threads(settings.threads)
    scorer = ModelScorer.load(args.model, feature_names=NAMES)
    plan = BacktestPlan(
        events=args.events,
        labels=args.labels,
        from_ms=start,
        to_ms=end,
        out=args.out,
        unlabelled=args.unlabelled,
        drop_known_days=args.drop_known,
        known_from_ms=scorer.manifest["training"]["from_ms"],
        zone_ms=settings.zone_minutes * 60_000,
        lag_ms=settings.visibility_lag_ms,
    )
    with shown("replaying") as advance:
        found = run_backtest(
            plan, build_decoder(settings), load_policy(settings.policy), scorer, advance
        )
    console = Console(highlight=False)
    metrics = metrics_of(
        found.outcomes,
        unlabelled=args.unlabelled,
        dropped_known=None if args.drop_known is None else found.n_dropped,
    )
    metrics["run"] = {
        "from_ms": start, "to_ms": end, "model": {"name": scorer.name, "version": scorer.version},
        "n_history": found.n_history, "n_reported": found.n_reported,
        "n_duplicates": found.n_duplicates, "n_bad_records": found.bad.n,
    }  # fmt: skip
    path = args.out / "metrics.json"
    path.write_bytes(orjson.dumps(metrics, option=orjson.OPT_INDENT_2))
    _show(metrics, args.out, console)
    _tell_bad(list(found.bad.located([args.labels, args.events])), found.bad.n)
    return 0


def _show(metrics: dict[str, Any], out: Path, console: Console) -> None:
    ran = metrics["run"]
    table = Table(title=f"{ran['n_reported']:,} events decided, {metrics['n']:,} judged")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name in ("n_fraud", "roc_auc", "average_precision", "recall_at_fpr_1pct",
                 "card_precision_at_100", "ks", "log_loss", "brier", "ece"):  # fmt: skip
        value = metrics[name]
        shown = "-" if value is None else f"{value:,}" if name == "n_fraud" else f"{value:.4f}"
        table.add_row(name, shown)
    console.print(table)
    console.print(f"{ran['n_history']:,} earlier events warmed the states; all figures: {out}")


def _tell_bad(sentences: list[str], n: int) -> None:
    """Name the records that could not be read, the first of them one by one."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for sentence in sentences[:MOST_SHOWN]:
        console.print(f"left out: {sentence}")
    if n > MOST_SHOWN:
        console.print(f"left out: {n - MOST_SHOWN:,} more records that could not be read")
