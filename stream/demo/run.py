"""The demo from beginning to end."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson
from rich.console import Console

from stream.demo.broker import PARTITIONS, EmbeddedBroker
from stream.demo.history import Plan, trained_model
from stream.demo.outcomes import OUTPUTS, Outcomes
from stream.demo.printer import AlertPrinter
from stream.demo.sending import Feeder
from stream.demo.summary import Summary
from stream.demo.traffic import TOPICS, Sent, traffic
from stream.demo.verdict import judge
from stream.demo.workerprocess import WorkerProcess
from stream.progress import shown
from topics.producing import Sender
from topics.simulator.shop import Shop

LINGER_MS: Final = 100.0
"""The embedded broker answers a fetch with no more than one batch of a producer, however small."""


def run_demo(plan: Plan, folder: Path, console: Console, *, afresh: bool = False) -> Summary:
    """Simulate, train, stream, and return the numbers of the closing tables.

    ``folder`` keeps the model between demos. Raises RuntimeError where the worker or the training
    fails.
    """
    place = folder / plan.name
    place.mkdir(parents=True, exist_ok=True)
    config = plan.config
    console.print(
        f"Simulating a shop: {config.users:,} users, {config.days} days, fraud in "
        f"{config.fraud_share:.0%} of orders and reviews ..."
    )
    with shown("  users", config.users) as advance:
        shop = Shop(config, _by_steps(advance))
    with shop:
        truth = [orjson.loads(record.value) for record in shop.truth()]
        n_events = sum(1 for _ in shop.events())
        cases = Counter(record["scenario"] for record in truth if record["case"])
        console.print(
            f"  {n_events:,} events, {cases.total():,} cases of fraud in {len(cases)} scenarios"
        )
        model = trained_model(shop, plan, place, console.print, afresh=afresh)
        shutil.rmtree(place / "state", ignore_errors=True)
        with EmbeddedBroker() as broker:
            broker.create(*TOPICS.values(), *OUTPUTS)
            console.print(f"Embedded Kafka broker on {broker.bootstrap}; starting a worker ...")
            with WorkerProcess(broker.bootstrap, PARTITIONS, model.folder, place) as worker:
                worker.wait_until_ready()
                run = _Run(plan, n_events, broker.bootstrap, worker, console, model.note)
                return run.stream(shop, truth)


class _Run:
    """One pass of the shop's events through the worker; ``later`` are those after the training."""

    def __init__(
        self,
        plan: Plan,
        n_events: int,
        bootstrap: str,
        worker: WorkerProcess,
        console: Console,
        model_note: str,
    ) -> None:
        self.plan = plan
        self.n_events = n_events
        self.worker = worker
        self.console = console
        self.printer = AlertPrinter(console)
        self.outcomes = Outcomes(bootstrap, self.printer.offer)
        self.bootstrap = bootstrap
        self.model_note = model_note
        self.later: set[str] = set()

    def stream(self, shop: Shop, truth: list[dict[str, Any]]) -> Summary:
        """Send everything, stop the worker, and count what came of it."""
        plan = self.plan
        records = traffic(shop.events(), shop.labels())
        with Sender(self.bootstrap, linger_ms=LINGER_MS) as sender, closing(self.outcomes):
            feeder = Feeder(sender, self.outcomes, self.worker.check)
            per_s = self._history(records, feeder, max(0, self.n_events - plan.n_live))
            self.console.print(
                f"\nNow live: the last {plan.n_live:,} events, {plan.live_per_s:g} per second\n"
            )
            self.printer.open = True
            self._live(records, feeder)
            feeder.finish()
            self.printer.close()
            n_duplicates = int(self.worker.metric("riskstream_duplicates_total"))
            self.worker.stop()
            return self._summary(feeder, n_duplicates, per_s, truth)

    def _history(self, records: Iterator[Sent], feeder: Feeder, n_events: int) -> float:
        """Send events as fast as they are answered; return how many that were per second."""
        began_s, n_first = monotonic(), 0
        with shown("  history", n_events) as advance:
            while feeder.sent["event"] < n_events:
                record = next(records)
                self._send(feeder.send, record)
                self.printer.open = bool(self.later)
                if not n_first and feeder.n_answered:  # the worker has started
                    began_s, n_first = monotonic(), feeder.n_answered
                advance(record.role == "event")
            feeder.finish()
        per_s = (feeder.n_answered - n_first) / (monotonic() - began_s)
        self.console.print(f"  {feeder.n_events:,} events of history, {per_s:,.0f} per second")
        return per_s

    def _live(self, records: Iterator[Sent], feeder: Feeder) -> None:
        began_s = monotonic()
        for n, record in enumerate(records):
            due_s = began_s + n / self.plan.live_per_s
            self._send(partial(feeder.send_at, due_s=due_s), record)
            if feeder.sent["event"] == self.n_events:
                return

    def _send(self, send: Callable[[Sent], None], record: Sent) -> None:
        send(record)
        if record.role == "event" and record.time_ms >= self.plan.until_ms:
            self.later.add(record.event_id)

    def _summary(
        self, feeder: Feeder, n_duplicates: int, per_s: float, truth: list[dict[str, Any]]
    ) -> Summary:
        outcomes = self.outcomes
        return Summary(
            n_sent=feeder.n_events,
            n_decisions=len(outcomes.actions),
            n_duplicates=n_duplicates,
            dead=outcomes.dead_events,
            n_labels=feeder.sent["label"],
            bands=Counter(outcomes.bands.values()),
            events_per_s=per_s,
            live_per_s=self.plan.live_per_s,
            p50_ms=outcomes.latency_ms(50),
            p99_ms=outcomes.latency_ms(99),
            model_note=self.model_note,
            verdict=judge(len(self.later), outcomes.alerted, truth, self.later),
        )


def _by_steps(advance: Callable[[float], None]) -> Callable[[int, int], None]:
    """Return a function that is told the total so far and hands on what was added."""
    before = 0

    def progress(done: int, _: int) -> None:
        nonlocal before
        advance(done - before)
        before = done

    return progress
