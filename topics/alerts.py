"""Alerts as columns, and as the records of ``risk.alerts``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import orjson

from topics.decisionrecord import AlertRecord
from topics.decisions import Decisions, decision_id, encoded
from topics.errors import InputError
from topics.reasons import Link
from topics.spliced import Fragments

MAX_REASONS: Final = 4


@dataclass(frozen=True, eq=False)
class Alerts:
    """The decisions on which somebody must act, and what that person needs.

    ``decisions`` has the alerting rows only, its features unused; of its reasons the first four
    are published. ``abuse_type`` and ``severity`` are words, ``rules`` the names of those that
    fired, ``links`` the entities that the user shares with others, ``events`` what the event itself
    says (`topics.details`); one of each per row.
    """

    decisions: Decisions
    abuse_type: list[str]
    severity: list[str]
    rules: list[Sequence[str]]
    links: list[Sequence[Link]]
    events: list[Mapping[str, Any]]

    def __len__(self) -> int:
        return len(self.decisions)


def alert_id(event_id: str, revision: int) -> str:
    """Return the id of an alert, the same whenever the same decision is repeated.

    >>> alert_id("e-7", 0)
    'alert.e-7.0'
    """
    return f"alert.{decision_id(event_id, revision)}"


def encode_alerts(
    alerts: Alerts, *, decided_at_ms: int, latency_ms: Mapping[str, float]
) -> list[bytes]:
    """Return one JSON object per alert; the arguments are those of decisions."""
    few = [reasons[:MAX_REASONS] for reasons in alerts.decisions.reasons]
    shown = replace(alerts.decisions, reasons=few)
    additions = Fragments.of(list(_additions(alerts)))
    return encoded([additions], shown, decided_at_ms, latency_ms)


def _additions(alerts: Alerts) -> Iterator[bytes]:
    ids = zip(alerts.decisions.event_ids, alerts.decisions.revision.tolist(), strict=True)
    for (event_id, revision), abuse_type, severity, rules, links, event in zip(
        ids, alerts.abuse_type, alerts.severity, alerts.rules, alerts.links, alerts.events,
        strict=True,
    ):  # fmt: skip
        fields = {
            **event,
            "alert_id": alert_id(event_id, revision),
            "abuse_type": abuse_type,
            "severity": severity,
            "rules": list(rules),
            "links": list(links),
        }
        yield orjson.dumps(fields)[1:-1]


_READ: Final = msgspec.json.Decoder(AlertRecord)


def read_alert(value: bytes) -> AlertRecord:
    """Read a record of ``risk.alerts``; raises InputError if it is none."""
    try:
        return _READ.decode(value)
    except msgspec.MsgspecError as error:
        raise InputError(f"A record of risk.alerts cannot be read: {error}.") from error
