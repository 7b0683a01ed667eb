"""`bench pipeline`: events per second from records on a broker to acknowledged decisions."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stream.bench.broker import APPLICATION, bench_broker, empty_topics
from stream.bench.shop import ShopFiles, ShopSize, shop_files
from stream.bench.statebytes import state_bytes
from stream.bench.stock import run_stock
from stream.bench.trained import bench_model
from stream.bench.window import Window, window_of
from stream.bench.worker import WorkerPlan, run_worker
from stream.progress import shown
from stream.worker.processor import SOURCES
from topics.producing import Sender, produce
from topics.timed import read_timed

STOCK_EVENTS: Final = 200_000


@dataclass(frozen=True, kw_only=True)
class PipelinePlan:
    """What to measure; ``model`` None: one trained here and kept in ``cache``."""

    size: ShopSize
    scoring: str
    cache: Path
    brokers: str | None = None
    n_partitions: int = 4
    model: Path | None = None
    train: bool = False
    stock: bool = True
    options: tuple[str, ...] = ()


def bench_pipeline(plan: PipelinePlan) -> dict[str, Any]:
    """Measure, and return what the contract asks for as one JSON object.

    A first worker, without a model, works the history into the states; a second one is measured
    on what comes after. Raises InputError and RuntimeError with a sentence.
    """
    plan.cache.mkdir(parents=True, exist_ok=True)
    model = plan.model
    if plan.scoring == "full" and model is None:
        model = bench_model(plan.cache, afresh=plan.train)
    files = shop_files(plan.size, plan.cache)
    with (
        tempfile.TemporaryDirectory(prefix="run-", dir=plan.cache.resolve()) as run,
        bench_broker(plan.brokers, Path(run, "kafka")) as (brokers, about),
    ):
        empty_topics(brokers, plan.n_partitions)
        worker = WorkerPlan(
            brokers, plan.n_partitions, Path(run), plan.scoring, model, plan.options
        )
        window = _measured(worker, files)
        sizes = state_bytes(worker.states / APPLICATION)
        stock = None
        if plan.stock:
            n = min(STOCK_EVENTS, files.n_events)
            with shown("stock Faust", n) as advance:
                stock = run_stock(brokers, plan.n_partitions, files.measured, n, advance)
    return report(plan, files, window, sizes, stock, about)


def _measured(worker: WorkerPlan, files: ShopFiles) -> Window:
    bare = WorkerPlan(worker.brokers, worker.n_partitions, worker.folder, "none", None)
    _send(worker.brokers, files.history, "sending the history", files.n_history)
    with shown("filling the histories", files.n_history) as advance:
        run_worker(bare, files.n_history, advance)
    n_rest = files.n_lead + files.n_events
    _send(worker.brokers, files.measured, "sending the events", n_rest)
    with shown("measuring", n_rest) as advance:
        stats = run_worker(worker, n_rest, advance)
    return window_of(stats["samples"], files.n_lead)


def _send(brokers: str, path: Path, what: str, n_events: int) -> None:
    with Sender(brokers, linger_ms=20.0) as sender, shown(what, n_events) as advance:
        produce(sender, read_timed(path), SOURCES, progress=advance)


def report(
    plan: PipelinePlan,
    files: ShopFiles,
    window: Window,
    sizes: dict[str, float],
    stock: dict[str, Any] | None,
    broker: str,
) -> dict[str, Any]:
    """Return the figures under the names of the contract, rounded to what is known of them."""
    per_s = window.n_events / window.seconds
    counts = window.counts
    return {
        "bench": "pipeline",
        "scoring": plan.scoring,
        "events": window.n_events,
        "seconds": round(window.seconds, 3),
        "events_per_s": round(per_s, 1),
        "worker_cpu_s": round(window.cpu_s, 3),
        "events_per_cpu_s": round(window.n_events / window.cpu_s, 1),
        "stock_faust_events_per_s": stock and stock["events_per_s"],
        "ratio_to_stock_faust": stock and round(per_s / stock["events_per_s"], 2),
        "broker": broker,
        "stages": {
            stage: round(us, 2)
            for stage, us in sorted(window.stages_us.items(), key=lambda item: -item[1])
        },
        "stages_share_of_cpu": round(window.stages_share, 4),
        "other_share_of_cpu": round(window.other_share, 4),
        "state_bytes_per_user": sizes,
        "texts": {
            "encoded": counts.get("texts.encoded", 0),
            "from_cache": counts.get("texts.cached", 0),
            "past_deadline": counts.get("degraded", 0),
        },
        "degraded_share": round(counts.get("degraded", 0) / window.n_events, 5),
        "actions": {
            name.partition(".")[2]: n
            for name, n in sorted(counts.items())
            if name.startswith("decisions.")
        },
        "duplicates": counts.get("duplicates", 0),
        "dead_letters": counts.get("dead letters", 0),
        "records_per_batch": round(counts["events"] / max(1, counts["batches"]), 1),
        "users": plan.size.n_users,
        "seed": plan.size.seed,
        "partitions": plan.n_partitions,
        "browse_share": round(files.browse_share, 4),
        "history_events": files.n_history,
        "cores": os.cpu_count(),
        "stock_faust": stock,
    }
