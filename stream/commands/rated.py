"""How well a training's parts did, in tables and sentences for a person."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.table import Table

from stream.report.forms import plain

RANKINGS: Final = (("average_precision", "average precision"), ("roc_auc", "ROC AUC"))
ERRORS: Final = (
    ("spearman", "rank correlation"), ("roc_auc", "ROC AUC of who spends"),
    ("rmse", "RMSE of the mean"), ("mae", "MAE of the median"),
)  # fmt: skip


def rated(manifest: Mapping[str, Any]) -> Iterator[Table | str]:
    """Yield what to print of a manifest's figures: each part alone, and where a simple one wins.

    Parts whose events lack a class are left out of the table; a sentence says so.
    """
    from model.rated import verdicts

    ranked = manifest["metrics"].items()
    known = {name: part for name, part in ranked if part["roc_auc"] is not None}
    if known:
        title = "judged on the newest events of the training"
        yield _table(title, RANKINGS, known, "{:.3f}".format)
    if spend := manifest["spend_metrics"]:
        days, n = manifest["spend_horizon_days"], spend["n_users"]
        title = f"spend of {days:g} days, judged on {n:,} users that taught none of these"
        yield _table(title, ERRORS, spend["parts"], plain)
    yield from verdicts(manifest)


def _table(
    title: str,
    figures: Sequence[tuple[str, str]],
    parts: Mapping[str, Mapping[str, Any]],
    form: Callable[[float], str],
) -> Table:
    table = Table("part", title=title, title_justify="left")
    for _, name in figures:
        table.add_column(name, justify="right")
    for part, values in parts.items():
        found = (values[key] for key, _ in figures)
        table.add_row(part, *("-" if value is None else form(value) for value in found))
    return table
