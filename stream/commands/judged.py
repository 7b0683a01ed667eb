"""What `backtest` and `replay` share: their arguments, the judged run, and its figures."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.table import Table

from stream.moment import moment_ms
from stream.settings import Settings
from topics.errors import InputError

if TYPE_CHECKING:
    from stream.replay.apart import HistoryOf
    from stream.replay.backtest import Backtested, BacktestPlan
    from stream.replay.filehistory import History

MOST_SHOWN = 10
FIGURES = ("n_fraud", "roc_auc", "average_precision", "recall_at_fpr_1pct",
           "card_precision_at_100", "ks", "log_loss", "log_loss_base_rate", "brier",
           "ece")  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that say what to report and how to judge it."""
    parser.add_argument(
        "--model", type=Path, required=True, metavar="MODEL_DIR", help="a trained model"
    )
    parser.add_argument(
        "--from", dest="start", required=True, metavar="TIME",
        help="first event to report; what lies before it only warms the states. A date (its "
        "midnight UTC), a time with offset such as 2025-03-01T08:00+01:00, or epoch milliseconds",
    )  # fmt: skip
    parser.add_argument(
        "--to", dest="end", required=True, metavar="TIME", help="end, exclusive; as --from"
    )
    parser.add_argument(
        "--drop-known", type=float, metavar="DAYS",
        help="leave out users labelled bad at least DAYS before an event's day, for something that "
        "happened since the model's training began",
    )  # fmt: skip
    parser.add_argument(
        "--unlabelled", choices=("negative", "ignore"), default="negative",
        help="what an event without a label counts as (default negative)",
    )  # fmt: skip
    parser.add_argument(
        "--by", action="append", default=[], metavar="COLUMN",
        help="report by a field of the events (channel, payment.method) or one of their attributes "
        "as well; may be given more than once",
    )  # fmt: skip
    parser.add_argument(
        "--against", type=Path, metavar="DIR",
        help="the --out of an earlier run over the same events: report which decisions changed",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")


def plan_of(args: argparse.Namespace, settings: Settings, out: Path) -> "BacktestPlan":
    """Check the arguments and return what to replay into the folder ``out``."""
    from stream.replay.backtest import BacktestPlan
    from stream.replay.observer import ReplaySettings

    start, end = moment_ms(args.start, "--from"), moment_ms(args.end, "--to")
    if start >= end:
        raise InputError(f"--from {args.start} is not before --to {args.end}")
    if args.drop_known is not None and not 0 <= args.drop_known <= 3650:
        raise InputError(f"--drop-known is {args.drop_known}; give 0 to 3650 days")
    return BacktestPlan(
        from_ms=start,
        to_ms=end,
        out=out,
        unlabelled=args.unlabelled,
        drop_known_days=args.drop_known,
        by=tuple(dict.fromkeys(args.by)),
        replay=ReplaySettings(settings.visibility_lag_ms, settings.zone_minutes * 60_000),
    )


def judge(
    source: "History",
    plan: "BacktestPlan",
    settings: Settings,
    model: Path,
    advance: Callable[[float], None],
    *,
    apart: "HistoryOf | None" = None,
    against: Path | None = None,
) -> tuple["Backtested", dict[str, Any]]:
    """Replay, write decisions, metrics and report into ``plan.out``, and return what was found.

    ``apart`` opens ``source`` again in a second process, for two processors; ``against`` is the
    folder of another run.
    """
    import torch

    from model.rated import verdicts
    from model.scorer import ModelScorer
    from stream.judging.cold import cold_block, why_cold
    from stream.judging.curves import curves_of
    from stream.judging.metrics import metrics_of
    from stream.loading import load_policy
    from stream.pipeline.aggregates import WARM_MS
    from stream.pipeline.features import FEATURE_VERSION, NAMES
    from stream.pipeline.windows import DAY_MS
    from stream.replay.against import difference_of
    from stream.replay.backtest import DECISIONS, METRICS, run_backtest
    from stream.replay.matched import Run
    from stream.report.page import render

    if against is not None:
        if not (against / DECISIONS).is_file():
            raise InputError(
                f"{against} holds no {DECISIONS}; give --against the --out of another run"
            )
        Run(against / DECISIONS)  # refuses now what would be refused after the replay
    torch.set_num_threads(settings.threads)
    scorer = ModelScorer.load(model, feature_names=NAMES, engine=settings.text_engine)
    plan = replace(plan, known_from_ms=scorer.manifest["training"]["from_ms"])
    policy = load_policy(settings.policy, settings.reason_language)
    found = run_backtest(plan, source, policy, scorer, advance, apart=apart)
    metrics = metrics_of(
        found.outcomes,
        unlabelled=plan.unlabelled,
        dropped_known=None if plan.drop_known_days is None else found.n_dropped,
    )
    if found.cold is not None:
        n_decided = metrics["n_decided"]
        days = (found.span_ms / DAY_MS, WARM_MS / DAY_MS)
        why = why_cold(len(found.cold), n_decided, *days)
        metrics["cold"] = cold_block(found.cold, why, unlabelled=plan.unlabelled)
    metrics["run"] = {
        "from_ms": plan.from_ms, "to_ms": plan.to_ms,
        "model": {"name": scorer.name, "version": scorer.version},
        "policy_version": policy.version, "feature_version": FEATURE_VERSION,
        "riskstream_version": version("riskstream"), "lacks": scorer.manifest["lacks"],
        "n_history": found.n_history, "n_reported": found.n_reported,
        "n_duplicates": found.n_duplicates, "n_bad_records": found.bad.n,
    }  # fmt: skip
    metrics["trained"] = {
        "parts": scorer.manifest["metrics"],
        "spend": scorer.manifest.get("spend_metrics"),
        "verdicts": verdicts(scorer.manifest),
    }
    metrics["curves"] = curves_of(found.outcomes)
    metrics["examples"] = found.examples.found(scorer, policy)
    metrics["moved"] = found.moved.found()
    if against is not None:
        metrics["against"] = difference_of(plan.out / DECISIONS, against / DECISIONS)
    path = plan.out / METRICS
    path.write_bytes(orjson.dumps(metrics, option=orjson.OPT_INDENT_2))
    (plan.out / "report.html").write_text(render(metrics), encoding="utf-8")
    return found, metrics


def show(metrics: dict[str, Any], out: Path) -> None:
    """Print the main figures."""
    console = Console(highlight=False, markup=False, soft_wrap=True)  # the path stays whole
    ran, cold = metrics["run"], metrics.get("cold")
    title = f"{ran['n_reported']:,} events decided, {metrics['n']:,} judged"
    table = _figures(title, metrics)
    for action, counts in metrics["policy"]["by_action"].items():
        table.add_row(f"decided: {action}", f"{counts['n']:,}")
    console.print(table)
    if metrics["n_cold"] or metrics["n_left_out"]:
        console.print(
            f"not judged: {metrics['n_cold']:,} events of users whose history is not covered, "
            f"{metrics['n_left_out']:,} without a label that counts"
        )
    if cold is not None:
        what = "hardly anything, or no fraud," if metrics["n"] else "nothing"
        console.print(f"{what} is judged: {cold['why']}")
        console.print(_figures(f"not judged: {cold['n']:,} events with an outcome", cold))
    if not metrics["n_fraud"] and not (cold and cold["n_fraud"]):
        console.print("no judged event is labelled as fraud: are these the labels of the events?")
    for said in metrics["trained"]["verdicts"]:
        console.print(f"by the model's own training, {said}")
    for what in ran["lacks"]:
        console.print(f"the model has {what}")
    console.print(
        f"{ran['n_history']:,} earlier events warmed the states; all figures: {out / 'report.html'}"
    )


def _figures(title: str, metrics: dict[str, Any]) -> Table:
    table = Table("figure", title=title)
    table.add_column("value", justify="right")
    for name in FIGURES:
        value = metrics[name]
        shown = "-" if value is None else f"{value:,}" if name == "n_fraud" else f"{value:.4f}"
        table.add_row(name, shown)
    return table


def tell_bad(sentences: list[str], n: int) -> None:
    """Name the records that could not be read, the first of them one by one."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for sentence in sentences[:MOST_SHOWN]:
        console.print(f"left out: {sentence}", markup=False)
    if n > MOST_SHOWN:
        console.print(f"left out: {n - MOST_SHOWN:,} more records that could not be read")
