"""How the alerts compare with what the simulator knows to be true."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

HONEST: Final = "no fraud"


@dataclass(frozen=True)
class Verdict:
    """Alerts against the truth, over the events after the model's training.

    ``alerts`` counts them by (scenario, action), the scenario HONEST where there was no fraud;
    ``cases`` counts by scenario the events that a shop should have stopped, ``caught`` those of
    them that raised an alert.
    """

    n_events: int
    alerts: Counter[tuple[str, str]]
    cases: Counter[str]
    caught: Counter[str]

    @property
    def precision(self) -> float:
        """Share of the alerts that were about fraud, 0 to 1; 0 without alerts."""
        wrong = sum(n for (scenario, _), n in self.alerts.items() if scenario == HONEST)
        total = self.alerts.total()
        return (total - wrong) / total if total else 0.0

    @property
    def recall(self) -> float:
        """Share of the cases that raised an alert, 0 to 1; 0 without cases."""
        return self.caught.total() / self.cases.total() if self.cases else 0.0


def judge(
    n_events: int, alerted: Mapping[str, str], truth: Iterable[Mapping[str, Any]], later: set[str]
) -> Verdict:
    """Compare alerts (event id to action) with the truth, over the event ids in ``later``.

    >>> truth = [{"event_id": "a", "scenario": "ring", "case": True},
    ...          {"event_id": "b", "scenario": "ring", "case": True}]
    >>> verdict = judge(3, {"a": "hold", "c": "review"}, truth, {"a", "b", "c"})
    >>> verdict.precision, verdict.recall
    (0.5, 0.5)
    """
    scenarios: dict[str, str] = {}
    cases: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for record in truth:
        event_id, scenario = record["event_id"], record["scenario"]
        if event_id not in later:
            continue
        scenarios[event_id] = scenario
        if record["case"]:
            cases[scenario] += 1
            caught[scenario] += event_id in alerted
    alerts = Counter(
        (scenarios.get(event_id, HONEST), action)
        for event_id, action in alerted.items()
        if event_id in later
    )
    return Verdict(n_events, alerts, cases, caught)
