"""`bench scale`: two workers on the same events against one."""

import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stream.bench.broker import bench_broker, empty_topics
from stream.bench.running import RunningWorker, cpu_seconds
from stream.bench.traffic import CHUNK, Traffic, now_ms
from stream.bench.worker import SILENCE_S, Answers, WorkerPlan
from stream.progress import shown
from topics.catalog import DEAD_LETTERS
from topics.consuming import n_records_in
from topics.producing import Sender

MIDDLE: Final = (0.25, 0.9)
"""Shares of the events between which the rate is measured: all workers take part by then."""

POLL_S: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class ScalePlan:
    """What to measure: ``n_events`` that lie on the topics, decided by one worker, then by two."""

    n_users: int
    n_events: int
    scoring: str
    cache: Path
    model: Path | None = None
    brokers: str | None = None
    n_partitions: int = 4


@dataclass(frozen=True)
class Reading:
    """How many events are answered at a moment, and the processor seconds of every worker."""

    at_s: float
    n_answers: int
    cpu_s: tuple[float, ...]


def bench_scale(plan: ScalePlan) -> dict[str, Any]:
    """Measure; every event must have one answer of each. Raises InputError and RuntimeError."""
    plan.cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="scale-", dir=plan.cache.resolve()) as run,
        bench_broker(plan.brokers, Path(run, "kafka")) as (brokers, about),
    ):
        empty_topics(brokers, plan.n_partitions)
        traffic = Traffic(plan.n_users)
        with Sender(brokers) as sender, shown("sending the events", plan.n_events) as advance:
            for start in range(0, plan.n_events, CHUNK):
                part = traffic.part(min(CHUNK, plan.n_events - start), now_ms())
                traffic.send(sender, part)
                advance(len(part))
        found = {n: _measured(plan, brokers, Path(run), n) for n in (1, 2)}
        if n_dead := n_records_in(brokers, DEAD_LETTERS):
            raise RuntimeError(f"{n_dead:,} events became dead letters")
    return {
        "bench": "scale", "events": plan.n_events,
        "times": round(found[2]["events_per_s"] / found[1]["events_per_s"], 2),
        "one_worker": found[1], "two_workers": found[2], "users": plan.n_users,
        "scoring": plan.scoring, "partitions": plan.n_partitions, "broker": about,
        "cores": os.cpu_count(),
    }  # fmt: skip


def _measured(plan: ScalePlan, brokers: str, run: Path, n_workers: int) -> dict[str, Any]:
    """Let so many workers, an application of their own, decide everything from the beginning."""
    answers = Answers(brokers, plan.n_partitions)
    options = ("--application", f"riskstream-bench-{n_workers}")
    with ExitStack() as stack, shown(f"{n_workers} at work", plan.n_events) as advance:
        stack.callback(answers.close)
        workers = [
            stack.enter_context(
                RunningWorker(
                    WorkerPlan(
                        brokers, plan.n_partitions, run / f"{n_workers}-{i}", plan.scoring,
                        plan.model, options,
                    )
                )
            )
            for i in range(n_workers)
        ]  # fmt: skip
        begin, last_s = answers.count(), time.monotonic()
        readings = [Reading(last_s, 0, (0.0,) * n_workers)]
        while (before := readings[-1].n_answers) < plan.n_events:
            time.sleep(POLL_S)
            for worker in workers:
                worker.check()
            n = answers.count() - begin
            cpu_s = tuple(cpu_seconds(worker.pid) for worker in workers)
            readings.append(Reading(time.monotonic(), n, cpu_s))
            if n > before:
                advance(n - before)
                last_s = readings[-1].at_s
            elif readings[-1].at_s - last_s > SILENCE_S:
                raise RuntimeError(f"{n:,} of {plan.n_events:,} events were answered, then no more")
        time.sleep(POLL_S)
        n_answers = answers.count() - begin
        for worker in workers:
            worker.stop()
    figures = middle(readings, plan.n_events)
    return {**figures, "repeated_answers": n_answers - plan.n_events}


def middle(readings: list[Reading], n_events: int) -> dict[str, Any]:
    """Return the rates in the middle of a run.

    >>> found = middle([Reading(t, 10 * t, (t / 2, t / 4)) for t in range(11)], 100)
    >>> found["events_per_s"], found["events_per_cpu_s"], found["cpu_shares"]
    (10.0, 13.3, [0.5, 0.25])
    """
    first, last = (next(r for r in readings if r.n_answers >= s * n_events) for s in MIDDLE)
    n, seconds = last.n_answers - first.n_answers, last.at_s - first.at_s
    if seconds <= 0:
        raise RuntimeError(f"{n_events:,} events are too few: they were answered all at once")
    spent = [b - a for a, b in zip(first.cpu_s, last.cpu_s, strict=True)]
    return {
        "events_per_s": round(n / seconds, 1),
        "seconds": round(seconds, 2),
        "events_per_cpu_s": round(n / sum(spent), 1) if sum(spent) else None,
        "cpu_shares": [round(part / seconds, 2) for part in spent],
    }
