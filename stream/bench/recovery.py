"""`bench recovery`: how long a worker takes to have its states again, and to take over."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stream.bench.broker import APPLICATION, bench_broker, empty_topics
from stream.bench.feeding import Feeder
from stream.bench.load import Load
from stream.bench.running import RunningWorker
from stream.bench.statebytes import state_bytes
from stream.bench.stops import Stops
from stream.bench.topicsettings import stamp_appends
from stream.bench.traffic import Traffic, now_ms
from stream.bench.worker import Answers, WorkerPlan
from stream.progress import shown
from topics.consuming import n_records_in
from topics.producing import Sender

CALM_S: Final = 3.0
"""Of steady deciding before and after everything that is done to the workers."""

AGAIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class RecoveryPlan:
    """What to measure: users with ``n_each`` events, then ``rate`` events per second."""

    n_users: int
    n_each: int
    rate: int
    scoring: str
    cache: Path
    model: Path | None = None
    brokers: str | None = None
    n_partitions: int = 4


def bench_recovery(plan: RecoveryPlan) -> dict[str, Any]:
    """Measure; every user is there again, and every event decided. May raise RuntimeError."""
    plan.cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="recovery-", dir=plan.cache.resolve()) as run,
        bench_broker(plan.brokers, Path(run, "kafka")) as (brokers, about),
    ):
        empty_topics(brokers, plan.n_partitions)
        stamp_appends(brokers)

        def worker(folder: str, *options: str) -> WorkerPlan:
            place = Path(run, folder)
            return WorkerPlan(brokers, plan.n_partitions, place, plan.scoring, plan.model, options)

        traffic = Traffic(plan.n_users)
        _fill(plan, worker("filled"), traffic)
        found = _rebuild(plan, worker("rebuilt"))
        began_ms = now_ms()
        phases = _come_and_go(plan, worker, traffic)
        again = _kill(plan, worker("rebuilt", "--instance", "one"), traffic)
        stops = Stops(brokers, began_ms)
        n_events = stops.check(brokers, began_ms)
    return {
        "bench": "recovery", **found,
        **{f"{name}_stops": stops.longest_s(*span) for name, span in phases.items()},
        **again, "live_events": n_events, "repeated_decisions": stops.n_repeated,
        "rate": plan.rate, "users": plan.n_users, "scoring": plan.scoring,
        "partitions": plan.n_partitions, "broker": about, "cores": os.cpu_count(),
    }  # fmt: skip


def _fill(plan: RecoveryPlan, worker_plan: WorkerPlan, traffic: Traffic) -> None:
    answers = Answers(worker_plan.brokers, plan.n_partitions)
    with RunningWorker(worker_plan) as worker, Sender(worker_plan.brokers) as sender:
        worker.wait_until_ready()
        feeder = Feeder(sender, answers, traffic, worker.check, worker.n_revised)
        with shown("filling the users' states", plan.n_users * plan.n_each) as advance:
            for part in traffic.first(plan.n_each, now_ms()):
                feeder.send(part)
                advance(len(part))
            feeder.finish()
        worker.stop()
    answers.close()


def _rebuild(plan: RecoveryPlan, worker_plan: WorkerPlan) -> dict[str, Any]:
    """Start a worker in an empty folder."""
    with RunningWorker(worker_plan) as worker:
        worker.wait_until_ready()
        n_records = int(worker.metric("riskstream_recovered_records"))
        n_links = int(worker.metric("riskstream_links_total"))
        seconds, imports_s = worker.ready_s - worker.up_s, worker.up_s - worker.begun_s
        worker.stop()
    sizes = state_bytes(worker_plan.states / APPLICATION)
    in_links = n_records_in(worker_plan.brokers, f"{APPLICATION}.links")
    if sizes["users"] != plan.n_users or n_links != in_links:
        raise RuntimeError(
            f"{sizes['users']:,} of {plan.n_users:,} users and {n_links:,} of {in_links:,} records "
            "of links are there again"
        )
    return {
        "keys": plan.n_users, "seconds": round(seconds, 2), "imports_s": round(imports_s, 2),
        "changelog_records": n_records, "links_records": n_links, "state_bytes_per_user": sizes,
    }  # fmt: skip


def _come_and_go(
    plan: RecoveryPlan, worker_plan: Callable[..., WorkerPlan], traffic: Traffic
) -> dict[str, tuple[int, int]]:
    """Let a second worker join and leave twice; its folder is empty the first time."""
    spans: dict[str, tuple[int, int]] = {}
    one = worker_plan("rebuilt")
    with RunningWorker(one) as first, Load(one.brokers, traffic, plan.rate):
        first.wait_until_ready()
        time.sleep(CALM_S)
        for turn in ("empty", "known"):
            begin_ms = now_ms()
            with RunningWorker(worker_plan("second")) as second:
                second.wait_until_ready()
                time.sleep(CALM_S)
                spans[f"join_{turn}"] = (begin_ms, now_ms())
                begin_ms = now_ms()
                second.stop()
            time.sleep(CALM_S)
            spans[f"leave_{turn}"] = (begin_ms, now_ms())
            first.check()
        first.stop()
    return spans


def _kill(plan: RecoveryPlan, worker_plan: WorkerPlan, traffic: Traffic) -> dict[str, Any]:
    """Kill a worker with a name of its own under load, and start it again at once."""
    answers = Answers(worker_plan.brokers, plan.n_partitions)
    with RunningWorker(worker_plan) as worker:
        worker.wait_until_ready()
        with Load(worker_plan.brokers, traffic, plan.rate):
            time.sleep(CALM_S)
            worker.kill()
            n_before, killed_s = answers.count(), time.monotonic()
            worker.start()
            while not worker.answers() or answers.count() <= n_before:
                worker.check()
                if time.monotonic() - killed_s > AGAIN_S:
                    raise RuntimeError(f"nothing was decided for {AGAIN_S:.0f} s after the kill")
                time.sleep(LOOK_EVERY_S)
            again_s = time.monotonic()
            time.sleep(CALM_S)
        _wait_until_quiet(answers, worker)
        worker.stop()
    answers.close()
    return {
        "restart_s": round(again_s - worker.up_s, 2),
        "restart_imports_s": round(worker.up_s - worker.begun_s, 2),
        "kill_to_decision_s": round(again_s - killed_s, 2),
    }


def _wait_until_quiet(answers: Answers, worker: RunningWorker) -> None:
    n = -1
    while n != (n := answers.count()):
        worker.check()
        time.sleep(CALM_S)
