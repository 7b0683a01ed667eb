"""A benchmark's figures as tables."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show(found: dict[str, Any], console: Console | None = None) -> None:
    """Print the figures of `bench pipeline`: the rates, then where the processor time goes."""
    console = console or Console(highlight=False)
    sizes = found["state_bytes_per_user"]
    table = Table("pipeline", f"scoring {found['scoring']}")
    table.columns[1].justify = "right"
    for name, text in (
        ("events", f"{found['events']:,}"),
        ("events per second", f"{found['events_per_s']:,.0f}"),
        ("events per CPU second of the worker", f"{found['events_per_cpu_s']:,.0f}"),
        ("stock Faust, events per second", _number(found["stock_faust_events_per_s"])),
        ("times stock Faust", _number(found["ratio_to_stock_faust"], ".2f")),
        ("decided without their text's vector", f"{found['degraded_share']:.2%}"),
        ("bytes of state per user, median", f"{sizes.get('median', 0):,.0f}"),
        ("bytes of state per user, 99th percentile", f"{sizes.get('p99', 0):,.0f}"),
        ("events that are browsing", f"{found['browse_share']:.1%}"),
        ("broker", found["broker"]),
    ):
        table.add_row(name, text)
    console.print(table)
    stages = Table("stage", "CPU us per event", "share")
    for column in stages.columns[1:]:
        column.justify = "right"
    whole = 1e6 * found["worker_cpu_s"] / found["events"]
    for stage, spent_us in found["stages"].items():
        stages.add_row(stage, f"{spent_us:.2f}", f"{spent_us / whole:.1%}")
    stages.add_section()
    stages.add_row("the worker process", f"{whole:.2f}", "100.0%")
    console.print(stages)


def _number(value: float | None, form: str = ",.0f") -> str:
    return "not measured" if value is None else format(value, form)
