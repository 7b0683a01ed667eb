"""The measured part of a worker's life, from its readings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Window:
    """What happened between two acknowledged batches.

    ``n_events`` were decided and acknowledged in ``seconds`` of time and ``cpu_s`` of processor
    time; ``stages_us`` are CPU microseconds per event, ``counts`` whatever the pipeline counted.
    """

    n_events: int
    seconds: float
    cpu_s: float
    stages_us: dict[str, float]
    counts: dict[str, int]

    @property
    def stages_share(self) -> float:
        """All stages together, as a share of the processor time; 1 if they add up."""
        return sum(self.stages_us.values()) * self.n_events / 1e6 / self.cpu_s

    @property
    def other_share(self) -> float:
        """What no stage accounts for, as a share of the processor time."""
        return self.stages_us.get("other", 0.0) * self.n_events / 1e6 / self.cpu_s


def window_of(samples: Sequence[Sample], n_lead: int) -> Window:
    """Return what was done after the first ``n_lead`` decisions, to the last acknowledgement.

    ``samples`` are a worker's readings in order, as its stats have them; the window begins with
    the last one within the lead, or the first of all. Raises ValueError where that is also the
    end.

    >>> stages = [{"decode": 0.0, "other": 0.0}, {"decode": 0.5, "other": 0.1}]
    >>> counts = [{"decisions.allow": 10}, {"decisions.allow": 90, "decisions.hold": 20}]
    >>> window = window_of([
    ...     {"at_s": 5.0, "cpu_s": 3.0, "counts": counts[0], "stages_cpu_s": stages[0]},
    ...     {"at_s": 7.0, "cpu_s": 3.6, "counts": counts[1], "stages_cpu_s": stages[1]}], 10)
    >>> window.n_events, window.seconds, round(window.cpu_s, 6), window.stages_us
    (100, 2.0, 0.6, {'decode': 5000.0, 'other': 1000.0})
    """
    within = [sample for sample in samples if n_decided(sample["counts"]) <= n_lead]
    first, last = (within or samples)[-1 if within else 0], samples[-1]
    if n_decided(last["counts"]) <= n_decided(first["counts"]):
        raise ValueError(f"the worker's readings end before {n_lead:,} decisions")
    n_events = n_decided(last["counts"]) - n_decided(first["counts"])
    before = first["stages_cpu_s"]
    stages = {
        stage: 1e6 * (seconds - before.get(stage, 0.0)) / n_events
        for stage, seconds in last["stages_cpu_s"].items()
    }
    counts = {name: n - first["counts"].get(name, 0) for name, n in last["counts"].items()}
    return Window(
        n_events,
        last["at_s"] - first["at_s"],
        last["cpu_s"] - first["cpu_s"],
        stages,
        counts,
    )


def n_decided(counts: Mapping[str, int]) -> int:
    """Return how many decisions were acknowledged, of whatever action."""
    return sum(n for name, n in counts.items() if name.startswith("decisions."))
