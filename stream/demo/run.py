"""The demo from beginning to end."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from stream.demo.broker import PARTITIONS, EmbeddedBroker
from stream.demo.history import Plan, trained_model
from stream.demo.outcomes import OUTPUTS, Outcomes
from stream.demo.printer import AlertPrinter
from stream.demo.sending import Feeder
from stream.demo.summary import Summary
from stream.demo.traffic import TOPICS, Sent, traffic
from stream.demo.verdict import Verdict, judge
from stream.demo.workerprocess import WorkerProcess
from topics.producing import Sender
from topics.simulator.shop import Shop


def run_demo(plan: Plan, folder: Path, console: Console, *, afresh: bool = False) -> Summary:
    """Simulate, train, stream, and return the numbers of the closing tables.

    ``folder`` keeps the model between demos. Raises RuntimeError where the worker or the training
    fails.
    """
    place = folder / plan.name
    place.mkdir(parents=True, exist_ok=True)
    config = plan.config
    console.print(f"Simulating a shop: {config.users:,} users, {config.days} days ...")
    with _bar() as bar:
        task = bar.add_task("users", total=config.users)
        shop = Shop(config, lambda done, _: bar.update(task, completed=done))
    with shop:
        console.print(f"  {shop.tally.types.total():,} events, {shop.tally.cases.total():,} cases "
                      f"of fraud in {len(shop.tally.cases)} scenarios")  # fmt: skip
        model = trained_model(shop, plan, place, console.print, afresh=afresh)
        shutil.rmtree(place / "state", ignore_errors=True)
        with EmbeddedBroker() as broker:
            broker.create(*TOPICS.values(), *OUTPUTS)
            console.print(f"Embedded Kafka broker on {broker.bootstrap}; starting a worker ...")
            with WorkerProcess(broker.bootstrap, PARTITIONS, model, place) as worker:
                return _stream(plan, shop, broker.bootstrap, worker, console)


def _stream(
    plan: Plan, shop: Shop, bootstrap: str, worker: WorkerProcess, console: Console
) -> Summary:
    printer = AlertPrinter(console)
    outcomes = Outcomes(bootstrap, printer.offer)
    n_history = max(0, shop.tally.types.total() - plan.n_live)
    records = traffic(shop.events(), shop.labels())
    with Sender(bootstrap, linger_ms=2) as sender, closing(outcomes):
        feeder = Feeder(sender, outcomes, worker.check)
        later, events_per_s = _history(plan, records, n_history, feeder, console)
        console.print(f"\nNow live: the last {plan.n_live:,} events at {plan.live_per_s:g}/s, "
                      "with their alerts\n")  # fmt: skip
        printer.open = True
        later |= _live(plan, records, feeder)
        feeder.finish()
        printer.close()
        stats = worker.stop()
        truth = (orjson.loads(record.value) for record in shop.truth())
        verdict = judge(len(later), outcomes.alerted, truth, later)
        return _summary(plan, feeder, outcomes, stats["counts"], events_per_s, verdict)


def _history(
    plan: Plan, records: Iterator[Sent], n_events: int, feeder: Feeder, console: Console
) -> tuple[set[str], float]:
    """Send the first events as fast as they are answered; return what lies after the training."""
    later: set[str] = set()
    began_s = 0.0
    n_first = 0
    with _bar() as bar:
        task = bar.add_task("history", total=n_events)
        while feeder.sent["event"] < n_events:
            record = next(records)
            feeder.send(record)
            if record.role == "event" and record.time_ms >= plan.until_ms:
                later.add(record.event_id)
            if not began_s and feeder.n_answered:
                began_s, n_first = monotonic(), feeder.n_answered
            bar.update(task, completed=feeder.sent["event"])
        feeder.finish()
    seconds = monotonic() - began_s
    per_s = (feeder.n_answered - n_first) / seconds if began_s else 0.0
    console.print(f"  {feeder.n_events:,} events of history decided, {per_s:,.0f} per second")
    return later, per_s


def _live(plan: Plan, records: Iterator[Sent], feeder: Feeder) -> set[str]:
    later: set[str] = set()
    began_s = monotonic()
    for n, record in enumerate(records):
        feeder.send_at(record, began_s + n / plan.live_per_s)
        if record.role == "event" and record.time_ms >= plan.until_ms:
            later.add(record.event_id)
    return later


def _summary(
    plan: Plan,
    feeder: Feeder,
    outcomes: Outcomes,
    counts: dict[str, int],
    events_per_s: float,
    verdict: Verdict,
) -> Summary:
    return Summary(
        n_sent=feeder.n_events,
        n_decisions=len(outcomes.actions),
        n_duplicates=counts.get("duplicates", 0),
        dead=outcomes.dead_events,
        n_labels=feeder.sent["label"],
        bands=Counter(outcomes.bands.values()),
        events_per_s=events_per_s,
        live_per_s=plan.live_per_s,
        p50_ms=outcomes.latency_ms(50),
        p99_ms=outcomes.latency_ms(99),
        verdict=verdict,
    )


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("  {task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
