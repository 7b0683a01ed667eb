"""Writing down what happens: events, labels and the truth."""

from dataclasses import dataclass
from typing import Any

import orjson

from topics.simulator.config import DAY_MS, SimulatorConfig
from topics.simulator.dice import Dice
from topics.simulator.spool import Spool


@dataclass(frozen=True, slots=True)
class Scheme:
    """A kind of fraud: what labels say of it and how long they take.

    ``labelled`` is the share of its cases that anybody ever labels; ``delay_days`` the median
    delay until the label is known, ``delay_spread`` the sigma of the delay's logarithm.
    """

    scenario: str
    kind: str
    source: str
    labelled: float
    delay_days: float
    delay_spread: float = 0.5


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in the shop: what all its events have in common; ``scheme`` None is honest."""

    user_id: str
    created_ms: int | None
    common: dict[str, Any]
    scheme: Scheme | None = None


class Ledger:
    """Takes events, labels and truth, and spools what lies within the simulated time."""

    def __init__(self, config: SimulatorConfig, events: Spool, labels: Spool, truth: Spool) -> None:
        self.start_ms = config.start_ms
        self.end_ms = config.end_ms
        self._events = events
        self._labels = labels
        self._truth = truth

    def event(self, rng: Dice, user_id: str, record: dict[str, Any], time_ms: int) -> str | None:
        """Write an event; return its id, or None when it lies outside the simulated time."""
        if not self.start_ms <= time_ms < self.end_ms:
            return None
        kind = record["type"]
        event_id = f"{rng.getrandbits(80):020x}"
        record["event_id"] = event_id
        record["user_id"] = user_id
        record["event_time"] = time_ms
        self._events.add(time_ms, kind, user_id, orjson.dumps(record))
        return event_id

    def confess(
        self, scheme: Scheme, event_id: str, user_id: str, kind: str, time_ms: int, *, case: bool
    ) -> None:
        """Write down that an event is fraud; ``case`` marks the one a shop should have stopped."""
        record = {
            "event_id": event_id,
            "user_id": user_id,
            "scenario": scheme.scenario,
            "kind": scheme.kind,
            "type": kind,
            "event_time": time_ms,
            "case": case,
        }
        self._truth.add(time_ms, "truth", user_id, orjson.dumps(record))

    def label(
        self,
        rng: Dice,
        scheme: Scheme,
        user_id: str,
        time_ms: int,
        *,
        is_fraud: bool = True,
        event_id: str | None = None,
        amount: float | None = None,
        known_ms: int | None = None,
    ) -> None:
        """Write a label that becomes known after the scheme's delay (or at ``known_ms``)."""
        if known_ms is None:
            delay = rng.around(scheme.delay_days, scheme.delay_spread)
            known_ms = time_ms + int((0.05 + delay) * DAY_MS)
        record: dict[str, Any] = {
            "label_id": rng.name("l"),
            "user_id": user_id,
            "kind": scheme.kind,
            "is_fraud": is_fraud,
            "event_time": time_ms,
            "known_at": known_ms,
            "source": scheme.source,
            "scenario": scheme.scenario,
        }
        if event_id is not None:
            record["event_id"] = event_id
        if amount is not None:
            record["amount"] = amount
        self._labels.add(known_ms, "label", user_id, orjson.dumps(record))
