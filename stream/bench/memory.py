"""`bench memory`: how much memory a worker takes, and whether it grows, at full load."""

import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from stream.bench.broker import APPLICATION, bench_broker, empty_topics
from stream.bench.feeding import Feeder
from stream.bench.running import RunningWorker
from stream.bench.statebytes import state_bytes
from stream.bench.topicsettings import keep_briefly
from stream.bench.traffic import CHUNK, Traffic, now_ms
from stream.bench.worker import Answers, WorkerPlan
from stream.progress import shown
from stream.used import high_water_kb
from topics.catalog import DEAD_LETTERS
from topics.consuming import n_records_in
from topics.producing import Sender

READ_EVERY_S: Final = 5.0
FIELDS: Final = {"Rss": "rss_mb", "Pss": "pss_mb", "Anonymous": "anonymous_mb"}


@dataclass(frozen=True, kw_only=True)
class MemoryPlan:
    """What to measure: ``n_each`` events of every user first, then ``minutes`` of full load."""

    n_users: int
    n_each: int
    minutes: float
    scoring: str
    cache: Path
    model: Path | None = None
    brokers: str | None = None
    n_partitions: int = 4


def bench_memory(plan: MemoryPlan) -> dict[str, Any]:
    """Measure; every event must have one answer. Raises InputError and RuntimeError."""
    plan.cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="memory-", dir=plan.cache.resolve()) as run,
        bench_broker(plan.brokers, Path(run, "kafka")) as (brokers, about),
    ):
        empty_topics(brokers, plan.n_partitions)
        keep_briefly(brokers)
        worker = WorkerPlan(brokers, plan.n_partitions, Path(run), plan.scoring, plan.model)
        found = _measured(plan, worker, brokers)
        if n_dead := n_records_in(brokers, DEAD_LETTERS):
            raise RuntimeError(f"{n_dead:,} events became dead letters")
        sizes = state_bytes(worker.states / APPLICATION)
    return {
        "bench": "memory", "scoring": plan.scoring, "users": plan.n_users,
        "events_each_before": plan.n_each, "minutes": plan.minutes, **found,
        "state_bytes_per_user": sizes, "partitions": plan.n_partitions, "broker": about,
        "cores": os.cpu_count(),
    }  # fmt: skip


def _measured(plan: MemoryPlan, worker_plan: WorkerPlan, brokers: str) -> dict[str, Any]:
    traffic = Traffic(plan.n_users)
    answers = Answers(brokers, plan.n_partitions)
    n_history = plan.n_users * plan.n_each
    with RunningWorker(worker_plan) as worker, Sender(brokers, linger_ms=20.0) as sender:
        worker.wait_until_ready()
        begun = readings(worker.pid)
        feeder = Feeder(sender, answers, traffic, worker.check, worker.n_revised)
        with shown("filling the users' states", n_history) as advance:
            for part in traffic.first(plan.n_each, now_ms()):
                feeder.send(part)
                advance(len(part))
            feeder.finish()
        filled = readings(worker.pid)
        series = _under_load(plan, worker, feeder, traffic)
        feeder.finish()
        n_events = traffic.sent.total() - n_history
        # The kernel counts pages for its peak in lots, and may be some behind a reading.
        peak_mb = max(peak(worker.pid), *(row["rss_mb"] for row in [begun, filled, *series]))
        worker.stop()
    answers.close()
    return {
        "events": n_events,
        "events_per_s": round(n_events / series[-1]["at_s"], 1),
        "started": begun,
        "filled": filled,
        "peak_mb": peak_mb,
        **summary(series),
        "series": series,
    }


def _under_load(
    plan: MemoryPlan, worker: RunningWorker, feeder: Feeder, traffic: Traffic
) -> list[dict[str, float]]:
    series: list[dict[str, float]] = []
    begin_s = time.monotonic()
    with shown("measuring, seconds", plan.minutes * 60) as advance:
        while (at_s := time.monotonic() - begin_s) < plan.minutes * 60:
            if not series or at_s - series[-1]["at_s"] >= READ_EVERY_S:
                series.append({"at_s": round(at_s, 1), **readings(worker.pid)})
                advance(READ_EVERY_S)
            feeder.send(traffic.part(CHUNK, now_ms()))
    last_s = round(time.monotonic() - begin_s, 1)
    return [*series, {"at_s": last_s, **readings(worker.pid)}]


def summary(series: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return the last readings, and by how much a minute they grow over the second half.

    >>> rising = [{"at_s": 30.0 * i, "rss_mb": 100.0 + i, "pss_mb": 90.0} for i in range(11)]
    >>> summary(rising)["rss_mb_per_minute"], summary(rising)["pss_mb_per_minute"]
    (2.0, 0.0)
    """
    half = [reading for reading in series if reading["at_s"] >= series[-1]["at_s"] / 2]
    at_min = np.array([reading["at_s"] for reading in half]) / 60
    found: dict[str, Any] = {}
    for name in ("rss_mb", "pss_mb"):
        values = np.array([reading[name] for reading in half])
        slope = np.polyfit(at_min, values, 1)[0] if np.ptp(at_min) > 0 else 0.0
        found[name] = float(values[-1])
        found[f"{name}_per_minute"] = round(float(slope), 2) + 0.0
    return found


def readings(pid: int) -> dict[str, float]:
    """Return a process's memory in MB: resident, its share of that, and what is in no file."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {name: round(sizes[field] / 1024, 1) for field, name in FIELDS.items()}


def peak(pid: int) -> float:
    """Return the most memory that a process ever had resident, in MB."""
    return round(high_water_kb(Path(f"/proc/{pid}/status")) / 1024, 1)
