"""`bench latency`: from an order's append to its alert's append, both by the broker's clock."""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stream.bench.appends import Appends, spread
from stream.bench.broker import bench_broker, empty_topics
from stream.bench.feeding import Feeder
from stream.bench.running import RunningWorker, cpu_seconds
from stream.bench.topicsettings import stamp_appends
from stream.bench.traffic import CHUNK, Traffic, now_ms
from stream.bench.worker import Answers, WorkerPlan
from stream.progress import shown
from topics.producing import Sender

TICK_S: Final = 0.002
SETTLE_S: Final = 2.0
"""The beginning of every rate, which is not measured."""

BATCHES: Final = "riskstream_batch_records_count"
CROWD_SHARE: Final = 0.1
N_LEAD: Final = 20_000
TEXTS_AT_ONCE: Final = 20
"""So few are all encoded in time, and no text of the traffic is new after the first round."""

VISIBLE_S: Final = 3.0
"""Longer than links take to count, `visibility_lag_ms`: from then on a shared device alerts."""

SATURATED_S: Final = 1.0
"""A rate is too much where this much work is left when its last event has been sent."""


@dataclass(frozen=True, kw_only=True)
class LatencyPlan:
    """What to measure: each of ``rates`` (events per second) for ``seconds``, in their order.

    With a model the first rate is measured a second time with ``new_texts``, as a share.
    """

    rates: tuple[int, ...]
    seconds: float
    n_users: int
    scoring: str
    new_texts: float
    cache: Path
    model: Path | None = None
    brokers: str | None = None
    n_partitions: int = 4
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A rate that was sent: the numbers of the events that count, and what was left at its end."""

    rate: int
    new_texts: float
    first: int
    last: int
    sent_per_s: float
    behind: int
    cpu_share: float
    records_per_batch: float


def bench_latency(plan: LatencyPlan) -> dict[str, Any]:
    """Measure; every event has one decision and every order that must have one an alert.

    Raises InputError and RuntimeError.
    """
    plan.cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="latency-", dir=plan.cache.resolve()) as run,
        bench_broker(plan.brokers, Path(run, "kafka")) as (brokers, about),
    ):
        empty_topics(brokers, plan.n_partitions)
        stamp_appends(brokers)
        worker = WorkerPlan(
            brokers, plan.n_partitions, Path(run), plan.scoring, plan.model, plan.options
        )
        steps, n_rebalances = _run(plan, worker)
        appends = Appends(brokers)
        if appends.n_repeated and n_rebalances == 1:
            raise RuntimeError(
                f"{appends.n_repeated:,} decisions and alerts came twice, and no partition moved"
            )
        curve = [_figures(step, appends) for step in steps]
    with_new = [row for row in curve if row["new_texts"]]
    plain = [row for row in curve if not row["new_texts"]]
    return {
        "bench": "latency", **plain[0], "with_new_texts": with_new[0] if with_new else None,
        "scoring": plan.scoring, "clock": "LogAppendTime of the broker, whole milliseconds",
        "curve": plain, "users": plan.n_users, "seconds": plan.seconds,
        "partitions": plan.n_partitions, "broker": about, "cores": os.cpu_count(),
        "rebalances": n_rebalances, "repeated": appends.n_repeated,
    }  # fmt: skip


def _run(plan: LatencyPlan, worker_plan: WorkerPlan) -> tuple[list[Step], int]:
    traffic = Traffic(plan.n_users, crowd_share=CROWD_SHARE)
    answers = Answers(worker_plan.brokers, plan.n_partitions)
    steps: list[Step] = []
    with (
        RunningWorker(worker_plan) as worker,
        Sender(worker_plan.brokers, linger_ms=0.0) as sender,
        shown("measuring rates", len(plan.rates)) as advance,
    ):
        worker.wait_until_ready()
        feeder = Feeder(sender, answers, traffic, worker.check, worker.n_revised)
        for reviews in traffic.every_text(TEXTS_AT_ONCE, now_ms()):
            feeder.send_all(iter([reviews]))
        feeder.send_all(traffic.first(3, now_ms()))
        feeder.send_all(traffic.part(CHUNK, now_ms()) for _ in range(0, N_LEAD, CHUNK))
        time.sleep(VISIBLE_S)
        for rate, new_texts in _rates(plan):
            steps.append(_step(rate, new_texts, plan.seconds, sender, traffic, answers, worker))
            feeder.finish()
            advance(1)
            if steps[-1].behind > SATURATED_S * rate:
                break
        n_rebalances = int(worker.metric("riskstream_rebalances_total"))
        worker.stop()
    answers.close()
    return steps, n_rebalances


def _rates(plan: LatencyPlan) -> Iterator[tuple[int, float]]:
    for number, rate in enumerate(plan.rates):
        yield rate, 0.0
        if number == 0 and plan.scoring == "full" and plan.new_texts:
            yield rate, plan.new_texts


def _step(
    rate: int, new_texts: float, seconds: float, sender: Sender, traffic: Traffic,
    answers: Answers, worker: RunningWorker,
) -> Step:  # fmt: skip
    """Send events by the clock, whatever becomes of them."""
    before, n_before = answers.count(), traffic.sent.total()
    cpu_s, n_batches = cpu_seconds(worker.pid), worker.metric(BATCHES)
    begin_s, n, first = time.monotonic(), 0, traffic.n_made
    while (at_s := time.monotonic() - begin_s) < seconds:
        due = int(at_s * rate) - n
        if at_s < min(SETTLE_S, seconds / 4):
            first = traffic.n_made + due
        if due:
            traffic.send(sender, traffic.part(due, now_ms(), new_texts))
            n += due
        sender.wait(TICK_S)
    sent_s = time.monotonic() - begin_s
    sender.flush()
    n_answers = answers.count() - before
    cpu_s, n_batches = cpu_seconds(worker.pid) - cpu_s, worker.metric(BATCHES) - n_batches
    return Step(
        rate, new_texts, first, traffic.n_made, n / sent_s,
        traffic.sent.total() - n_before - n_answers, cpu_s / sent_s, n_answers / max(1, n_batches),
    )  # fmt: skip


def _figures(step: Step, appends: Appends) -> dict[str, Any]:
    alerts, decisions = appends.of(step.first, step.last)
    return {
        "rate": step.rate,
        **spread(alerts),
        "alerts": len(alerts),
        "decision_p50_ms": spread(decisions)["p50_ms"],
        "decision_p99_ms": spread(decisions)["p99_ms"],
        "sent_per_s": round(step.sent_per_s, 1),
        "behind_at_end": step.behind,
        "records_per_batch": round(step.records_per_batch, 1),
        "worker_cpu_share": round(step.cpu_share, 2),
        "new_texts": step.new_texts,
    }
