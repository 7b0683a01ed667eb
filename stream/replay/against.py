"""The difference of two runs over the same events: which decisions changed, and how."""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stream.replay.matched import Run, matched
from topics.vocabulary import ACTIONS

N_SHOWN: Final = 10


def difference_of(mine: Path, other: Path) -> dict[str, Any]:
    """Compare two ``decisions.parquet``, JSON-ready; ``other`` is what was before.

    Events are the same where their ids are. ``actions`` has, by the action before and after, how
    many events there are and the sum of their known amounts, None where no event has one;
    ``largest_risk_changes`` and ``largest_amounts`` name the events whose risk moved most and the
    changed decisions of the highest amounts. Both files are read once, side by side, and little
    of them is held if they are in event-time order, as backtests are. Raises InputError for a file
    that has no decisions.
    """
    runs = Run(other), Run(mine)
    difference = _Difference()
    for before, after in matched(*runs):
        difference.add(before, after)
    return {
        "before": runs[0].versions,
        "after": runs[1].versions,
        **difference.told(),
    }


@dataclass
class _Difference:
    n_both: int = 0
    n_only_before: int = 0
    n_only_after: int = 0
    counts: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(ACTIONS), len(ACTIONS)), np.int64)
    )
    priced: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(ACTIONS), len(ACTIONS)), np.int64)
    )
    amounts: NDArray[np.float64] = field(
        default_factory=lambda: np.zeros((len(ACTIONS), len(ACTIONS)))
    )
    moved: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    dearest: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)

    def add(self, before: pa.Table, after: pa.Table) -> None:
        """Count events of both runs; what is the same event is in both tables."""
        place = pc.index_in(after["event_id"], value_set=before["event_id"])
        found = pc.is_valid(place).to_numpy()
        there = place.drop_null().to_numpy()
        self.n_both += len(there)
        self.n_only_before += len(before) - len(there)
        self.n_only_after += len(after) - len(there)
        if not len(there):
            return
        old, new = before.take(there), after.filter(pa.array(found))
        was, now = (part["action"].to_numpy() for part in (old, new))
        amount = new["amount"].to_numpy()
        known = np.isfinite(amount)
        np.add.at(self.counts, (was, now), 1)
        np.add.at(self.priced, (was[known], now[known]), 1)
        np.add.at(self.amounts, (was[known], now[known]), amount[known])
        change = np.abs(new["risk"].to_numpy() - old["risk"].to_numpy())
        self.moved = _most(self.moved, np.where(change > 0, change, np.nan), old, new)
        self.dearest = _most(self.dearest, np.where(was != now, amount, np.nan), old, new)

    def told(self) -> dict[str, Any]:
        """Return everything but the versions."""
        stricter = np.triu(np.ones_like(self.counts, dtype=np.bool_), 1)
        parts = {"same": np.eye(len(ACTIONS), dtype=np.bool_)}
        parts |= {"stricter": stricter, "looser": stricter.T}
        return {
            "n_both": self.n_both,
            "n_only_before": self.n_only_before,
            "n_only_after": self.n_only_after,
            **{name: self._sum(where) for name, where in parts.items()},
            "actions": {
                was: {now: self._sum((i, j)) for j, now in enumerate(ACTIONS)}
                for i, was in enumerate(ACTIONS)
            },
            "largest_risk_changes": [one for _, _, one in self.moved],
            "largest_amounts": [one for _, _, one in self.dearest],
        }

    def _sum(self, where: Any) -> dict[str, Any]:
        n_priced, amount = int(self.priced[where].sum()), float(self.amounts[where].sum())
        return {"n": int(self.counts[where].sum()), "amount": amount if n_priced else None}


def _most(
    kept: list[tuple[float, str, dict[str, Any]]],
    size: NDArray[np.float64],
    old: pa.Table,
    new: pa.Table,
) -> list[tuple[float, str, dict[str, Any]]]:
    """Return the events of the largest ``size``, NaN left out; of one size, by event id."""
    rows = np.flatnonzero(~np.isnan(size))
    if len(rows) > N_SHOWN:
        edge = np.partition(size[rows], len(rows) - N_SHOWN)[len(rows) - N_SHOWN]
        rows = rows[size[rows] >= edge]
    if len(kept) == N_SHOWN:
        rows = rows[size[rows] >= -kept[-1][0]]
    ids: Iterable[str] = new["event_id"].take(rows).to_pylist()
    candidates = zip((-size[rows]).tolist(), ids, rows.tolist(), strict=True)
    best = [(rank, name, _event(old, new, row)) for rank, name, row in _least(candidates)]
    return sorted([*kept, *best], key=lambda one: one[:2])[:N_SHOWN]


def _least(candidates: Iterable[tuple[float, str, int]]) -> list[tuple[float, str, int]]:
    return heapq.nsmallest(N_SHOWN, candidates)


def _event(old: pa.Table, new: pa.Table, row: int) -> dict[str, Any]:
    was, now = (part.slice(row, 1).to_pylist()[0] for part in (old, new))
    return {
        "event_id": now["event_id"],
        "user_id": now["user_id"],
        "type": now["type"],
        "time_ms": now["event_time_ms"],
        "amount": now["amount"] if math.isfinite(now["amount"]) else None,
        "risk_before": was["risk"],
        "risk_after": now["risk"],
        "action_before": ACTIONS[was["action"]],
        "action_after": ACTIONS[now["action"]],
    }
