"""The figures of `bench market` as a table."""

from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = (
    "scenario", "cases", "base rate", "AP", "x base", "network", "boosting", "x boosting",
    "best feature", "its AUC", "text AUC", "weak",
)  # fmt: skip


def show_market(found: dict[str, Any], console: Console | None = None) -> None:
    """Print one line per scenario: how well it is found, and how well it is hidden."""
    console = console or Console(highlight=False)
    table = Table(*COLUMNS, title=f"median of the markets {_listed(found['test_seeds'])}")
    for column in table.columns[1:8] + table.columns[9:11]:
        column.justify = "right"
    for name, part in found["scenarios"].items():
        table.add_row(
            name,
            f"{part['n_cases']:,.0f}",
            f"{part['base_rate']:.2%}",
            f"{part['average_precision']:.3f}",
            f"{part['ratio_to_base']:.1f}",
            f"{part['network_average_precision']:.3f}",
            f"{part['boosting_average_precision']:.3f}",
            f"{part['ratio_to_boosting']:.2f}",
            part["feature"],
            f"{part['feature_auc']:.2f}",
            "-" if part["text_auc"] is None else f"{part['text_auc']:.2f}",
            ", ".join(part["weak"]) if part["measured"] else "too few cases",
        )
    console.print(table)
    trained = found["train"]
    console.print(
        f"Trained on market {found['train_seed']}: {trained['n']:,} events, "
        f"{trained['n_fraud']:,} labelled as fraud by day {found['cut_day']}; judged on days "
        f"{found['cut_day']} to {found['days']} against honest events of the same step."
    )


def _listed(seeds: list[int]) -> str:
    return ", ".join(map(str, seeds))
