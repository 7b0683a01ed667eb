"""A release gate: whether the groups of a column are treated alike enough to go on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from topics.errors import InputError


@dataclass(frozen=True)
class Gate:
    """Between the groups with at least ``min_group`` events, the ratio of ``rate`` must reach this.

    ``rate`` is one of `groups.RATES`; ``min_ratio`` lies in [0, 1].
    """

    rate: str
    min_ratio: float
    min_group: int

    def judge(self, columns: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the gate, whether it is met, and a sentence for each column that fails it.

        ``columns`` are results of `groups.compare_groups` by column. Raises InputError where a
        column has fewer than two groups to compare.
        """
        failures = []
        for column, found in columns.items():
            worst = found["worst"][self.rate]
            if worst["ratio"] is None:
                raise InputError(
                    f"{column} has {worst['n_compared']} groups of at least {self.min_group:,} "
                    "events with a known rate and two are compared; lower --min-group, or evaluate "
                    "more events"
                )
            if worst["ratio"] < self.min_ratio:
                failures.append(self._sentence(column, found, worst["ratio"]))
        return {**asdict(self), "met": not failures, "failures": failures}

    def _sentence(self, column: str, found: Mapping[str, Any], ratio: float) -> str:
        rates = {
            name: row[self.rate]
            for name, row in found["groups"].items()
            if row["compared"] and row[self.rate] is not None
        }
        least, most = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
        return (
            f"{column}: the adverse-impact ratio is {ratio:.2f}, below {self.min_ratio:g}: the "
            f"{self.rate.replace('_', ' ')} of {most} is {rates[most]:.2%}, of {least} "
            f"{rates[least]:.2%}"
        )
