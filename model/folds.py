"""Time-ordered folds of training rows: learn from what was known at a cut, judge what came after.

Each fold is a training as it would have been at its cut: rows whose labels could be known by then,
with the answers of then. Source: prequential validation with a delay, Y.-A. Le Borgne et al.,
"Reproducible Machine Learning for Credit Card Fraud Detection", 2022, chapter 5.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.rows import MIN_POSITIVES, MIN_ROWS, TrainingRows
from model.slices import Slices, cut, time_order
from topics.errors import InputError

FIRST_CUT: Final = 0.5
"""Share of the rows, in time order, before the first cut."""

BAD_HORIZON_MS: Final = 30 * 86_400_000


@dataclass(frozen=True, eq=False)
class KnownRows:
    """Rows, and when their labels became known, ``known_ms`` int64[n]; 0: there is no label."""

    rows: TrainingRows
    known_ms: NDArray[np.int64]

    def by_time(self) -> "KnownRows":
        """Return the same in the order of event time, see `time_order`."""
        order = time_order(self.rows.time_ms, self.rows.user)
        return KnownRows(self.rows.take(order), self.known_ms[order])


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows ``learned_at`` int64[m] as known at ``cut_ms``, ``learned``; ``judged_at`` the later."""

    cut_ms: int
    learned_at: NDArray[np.int64]
    learned: TrainingRows
    judged_at: NDArray[np.int64]

    def slices(self) -> Slices:
        """Cut what is learned."""
        return cut(self.learned.time_ms, self.learned.user)


def folds_of(
    known: KnownRows, n: int, *, delay_ms: int, horizon_ms: int, negative: bool
) -> list[Fold]:
    """Return ``n`` folds of rows in time order, the first cut after half of the rows.

    A fold learns from rows at least ``delay_ms`` older than its cut. Labels that became known after
    the cut do not count: such a row counts as honest where ``negative``, else it is left out. Spend
    of ``horizon_ms``, and whether a user turned bad, are known where that time was over. What is
    judged lies between the cut and the next. Raises InputError where a fold has too little fraud.
    """
    times = known.rows.time_ms
    at = np.round(np.linspace(FIRST_CUT, 1, n + 1) * len(times)).astype(np.int64)
    cuts = [int(times[min(i, len(times) - 1)]) for i in at.tolist()]
    cuts[-1] = int(times[-1]) + 1
    found = []
    for number, (cut_ms, end_ms) in enumerate(pairwise(cuts), 1):
        learned_at = np.arange(np.searchsorted(times, cut_ms - delay_ms))
        if known.rows.drawn is not None:  # a fraud not known yet stands for itself no longer
            learned_at = learned_at[
                known.rows.drawn[learned_at] | (known.known_ms[learned_at] <= cut_ms)
            ]
        learned = as_of(known, learned_at, cut_ms, delay_ms=delay_ms, horizon_ms=horizon_ms)
        if not negative:
            answered = known.known_ms[learned_at] <= cut_ms
            learned_at, learned = learned_at[answered], learned.take(np.flatnonzero(answered))
        judged_at = np.arange(np.searchsorted(times, cut_ms), np.searchsorted(times, end_ms))
        fold = Fold(cut_ms, learned_at, learned, judged_at)
        _check(fold, known.rows.label[judged_at], number, n)
        found.append(fold)
    return found


def first_that_decides(folds: list[Fold]) -> int:
    """Return the first row that any fold decides on, or is judged on, after it has learned."""
    return int(folds[0].learned_at[folds[0].slices().train])


def as_of(
    known: KnownRows, at: NDArray[np.int64], cut_ms: int, *, delay_ms: int, horizon_ms: int
) -> TrainingRows:
    """Return the rows ``at`` with the answers of ``cut_ms``; without a label they are honest."""
    rows = known.rows.take(at)
    bad_over = rows.time_ms + BAD_HORIZON_MS + delay_ms <= cut_ms
    return replace(
        rows,
        label=np.where(known.known_ms[at] <= cut_ms, rows.label, 0).astype(np.int8),
        turned_bad=np.where(bad_over, rows.turned_bad, -1).astype(np.int8),
        spend=np.where(rows.time_ms + horizon_ms <= cut_ms, rows.spend, np.nan).astype(np.float32),
        asked=None,
    )


def _check(fold: Fold, judged: NDArray[np.int8], number: int, n: int) -> None:
    learned, what = fold.learned, None
    if len(learned) < MIN_ROWS:
        what = f"{len(learned)} events to learn from, {MIN_ROWS} are needed"
    elif (n_fraud := int((learned.label[: fold.slices().train] == 1).sum())) < MIN_POSITIVES:
        what = f"{n_fraud} frauds for the network to learn from, {MIN_POSITIVES} are needed"
    elif not 0 < (judged == 1).sum() < len(judged):
        what = "no fraud, or nothing else, to be judged on"
    if what is not None:
        raise InputError(
            f"fold {number} of {n} has {what}; begin earlier with --from, or ask for fewer --folds"
        )
