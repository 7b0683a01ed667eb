"""What came out of the worker, read from the output topics and counted."""

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import numpy as np
import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from stream.demo.broker import PARTITIONS
from topics.kafka import client_config

OUTPUTS: Final = ("risk.decisions", "risk.alerts", "credit.scores", "risk.deadletter")


class Outcomes:
    """Counts of the output topics; ``poll`` reads what has arrived since the last call.

    ``actions`` maps an event to its action, ``alerted`` an event to its alert's action; of
    several records about one event the first counts. ``bands`` maps a user to the newest band.
    """

    def __init__(self, bootstrap: str, on_alert: Callable[[dict[str, Any]], None]) -> None:
        self.actions: dict[str, str] = {}
        self.alerted: dict[str, str] = {}
        self.bands: dict[str, str] = {}
        self.dead_events: Counter[str] = Counter()
        self.dead_labels: Counter[str] = Counter()
        self.repeated_decisions = 0
        self.latencies_s: list[float] = []
        self._sent_s: dict[str, float] = {}
        self._on_alert = on_alert
        self._consumer = Consumer(
            client_config(
                bootstrap,
                group_id="demo",  # the client wants one; partitions are assigned by hand
                enable_auto_commit=False,
                fetch_queue_backoff_ms=10,
                fetch_wait_max_ms=20,
            )
        )
        self._consumer.assign(
            [TopicPartition(t, p, OFFSET_BEGINNING) for t in OUTPUTS for p in range(PARTITIONS)]
        )

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    @property
    def n_answered(self) -> int:
        """Events that came out, as a decision or as a dead letter."""
        return len(self.actions) + self.dead_events.total()

    def expect(self, event_id: str) -> None:
        """Start the watch for an event's decision, to measure how long it takes."""
        self._sent_s[event_id] = monotonic()

    def latency_ms(self, percent: float) -> float:
        """Return the percentile, in milliseconds, of the events that were expected."""
        return float(np.percentile(self.latencies_s, percent)) * 1e3 if self.latencies_s else np.nan

    def poll(self, wait_s: float) -> int:
        """Read what has arrived, waiting at most so long for the first record; return how many."""
        # The client waits for as many as it is asked for, so first for one.
        messages = self._consumer.consume(1, wait_s)
        messages += self._consumer.consume(2_000, 0) if messages else []
        for message in messages:
            self._count(message)
        return len(messages)

    def _count(self, message: Message) -> None:
        if error := message.error():
            raise RuntimeError(f"reading {message.topic()}: {error.str()}")
        value = message.value()
        if value is None:
            return
        record = orjson.loads(value)
        match message.topic():
            case "risk.decisions":
                self._decision(record)
            case "risk.alerts":
                if record["event_id"] not in self.alerted:
                    self.alerted[record["event_id"]] = record["action"]
                    self._on_alert(record)
            case "credit.scores":
                self.bands[record["user_id"]] = record["band"]
            case _:
                dead = self.dead_labels if record["topic"] == "risk.labels" else self.dead_events
                dead[record["reason"]] += 1

    def _decision(self, record: dict[str, Any]) -> None:
        event_id = record["event_id"]
        if record["revision"] > 0:
            return
        if event_id in self.actions:
            self.repeated_decisions += 1
            return
        self.actions[event_id] = record["action"]
        if (sent_s := self._sent_s.pop(event_id, None)) is not None:
            self.latencies_s.append(monotonic() - sent_s)
