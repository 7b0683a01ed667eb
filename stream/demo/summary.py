"""The closing tables of the demo."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from stream.demo.verdict import HONEST, Verdict

ACTIONS: Final = ("step_up", "review", "hold", "block")
BANDS: Final = "ABCDE"
NEXT: Final = """
[bold]What to try next[/bold]
  .venv/bin/riskstream demo --seed 2        another shop, with a model of its own
  .venv/bin/riskstream features             what the model sees of a user
  .venv/bin/riskstream --help               train on your own events, run on your own Kafka
  docs/architecture.md                      how it works, and where to change what"""


@dataclass(frozen=True)
class Summary:
    """What the demo ends with; `n_` are counts, ``model_note`` empty or a sentence."""

    n_sent: int
    n_decisions: int
    n_duplicates: int
    dead: Counter[str]
    n_labels: int
    bands: Counter[str]
    events_per_s: float
    live_per_s: float
    p50_ms: float
    p99_ms: float
    model_note: str
    verdict: Verdict

    @property
    def n_dead(self) -> int:
        """Events among the dead letters."""
        return self.dead.total()

    @property
    def balanced(self) -> bool:
        """Whether every event that went in came out exactly once."""
        return self.n_sent == self.n_decisions + self.n_duplicates + self.n_dead


def show(summary: Summary, console: Console) -> None:
    """Print the tables."""
    console.print(_flow(summary))
    console.print(_alerts(summary.verdict))
    sign = "=" if summary.balanced else "is not"
    console.print(
        f"[bold]{summary.n_sent:,} events in {sign} {summary.n_decisions:,} decisions + "
        f"{summary.n_duplicates:,} duplicates + {summary.n_dead:,} dead letters[/bold]"
    )


def _flow(summary: Summary) -> Table:
    table = Table(title="What happened", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    reasons = ", ".join(f"{reason} {n}" for reason, n in summary.dead.most_common())
    table.add_row("events in", f"{summary.n_sent:,}", f"and {summary.n_labels:,} labels")
    table.add_row("decisions", f"{summary.n_decisions:,}", "one per event, whatever comes twice")
    table.add_row("duplicates", f"{summary.n_duplicates:,}", "sent twice on purpose")
    table.add_row("dead letters", f"{summary.n_dead:,}", reasons)
    bands = "  ".join(f"{band} {summary.bands[band]:,}" for band in BANDS)
    table.add_row("credit scores", f"{summary.bands.total():,}", f"users by band: {bands}")
    speed = "sent and read by one process beside the worker"
    table.add_row("events/s, history", f"{summary.events_per_s:,.0f}", speed)
    latency = f"from sending to reading the decision, at {summary.live_per_s:,.0f} events/s"
    times = f"{summary.p50_ms:.0f} / {summary.p99_ms:.0f}"
    table.add_row("latency p50 / p99, ms", times, latency)
    if summary.model_note:
        table.add_row("model", "", summary.model_note)
    return table


def _alerts(verdict: Verdict) -> Table:
    about = f"the {verdict.n_events:,} events after the model's training"
    table = Table(title=f"Alerts against the simulated truth, {about}", title_justify="left")
    table.add_column("scenario")
    for name in (*ACTIONS, "cases", "caught"):
        table.add_column(name, justify="right")
    scenarios = {scenario for scenario, _ in verdict.alerts} | set(verdict.cases)
    for scenario in sorted(scenarios - {HONEST}):
        n, caught = verdict.cases[scenario], verdict.caught[scenario]
        share = f"{caught:,} ({caught / n:.0%})" if n else "-"
        table.add_row(scenario, *_by_action(verdict, scenario), f"{n:,}", share)
    table.add_row(HONEST, *_by_action(verdict, HONEST), "", "", style="dim")
    table.add_section()
    summary = f"precision {verdict.precision:.0%}, recall {verdict.recall:.0%}"
    table.add_row(summary, *(["" for _ in ACTIONS]), f"{verdict.cases.total():,}",
                  f"{verdict.caught.total():,}")  # fmt: skip
    return table


def _by_action(verdict: Verdict, scenario: str) -> list[str]:
    return [f"{verdict.alerts[scenario, action]:,}" for action in ACTIONS]
