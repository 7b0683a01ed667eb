"""What a model learns from: events as they were when decided, and what became known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model.asked import Asked
from model.slices import time_order
from topics.scores import ScoreInput

MIN_ROWS: Final = 200
"""Fewer events than this are none to train on."""

MIN_POSITIVES: Final = 5
"""Fewer frauds than this, or users turned bad, teach a head nothing; it is left out."""


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """``n`` events with their outcomes; all members have the same length.

    ``label`` int8[n]: 1 fraud, 0 legitimate, -1 unknown. ``turned_bad`` int8[n]: 1 if the user
    turned bad later, 0 if not, -1 unknown. ``spend`` float32[n]: what the user spent in the days
    that followed, NaN unknown. ``time_ms`` int64[n] event time; ``user`` uint64[n]. ``asked`` are
    rows of another kind, between the events, to learn spend from; None: there are none.
    ``unanswered`` are more events, of which nothing counts as known, to pretrain on. ``words`` are
    those of tokens, by the token in decimal digits; None: they are not known.

    Where there were too many events, ``share`` of all were ``drawn`` (bool[n]) by chance, and all
    other frauds are there as well, with no word on ``turned_bad`` and ``spend``. None: these rows
    are all there are, or were drawn by chance alone.
    """

    x: ScoreInput
    label: NDArray[np.int8]
    turned_bad: NDArray[np.int8]
    spend: NDArray[np.float32]
    time_ms: NDArray[np.int64]
    user: NDArray[np.uint64]
    asked: Asked | None = None
    unanswered: ScoreInput | None = None
    drawn: NDArray[np.bool_] | None = None
    share: float = 1.0
    words: dict[str, str] | None = None

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the rows at ``index``, in that order; ``asked`` and ``unanswered`` stay whole."""
        return type(self)(
            take(self.x, index),
            self.label[index],
            self.turned_bad[index],
            self.spend[index],
            self.time_ms[index],
            self.user[index],
            self.asked,
            self.unanswered,
            None if self.drawn is None else self.drawn[index],
            self.share,
            self.words,
        )

    def weights(self) -> NDArray[np.float64]:
        """Return how many events each row stands for, float64[n]; of frauds each for itself."""
        alike = self.drawn is None
        return np.where(alike | (self.label == 1), 1.0, 1.0 / self.share)

    @property
    def log_share(self) -> float:
        """What to add to log-odds of fraud that were fitted to the rows: they hold for all then."""
        return 0.0 if self.drawn is None else float(np.log(self.share))

    def chosen_by_chance(self, n: int) -> NDArray[np.int64]:
        """Return which of the first ``n`` rows are a fair sample, whatever they turned out to be.

        int64[m], rising.
        """
        return np.arange(n) if self.drawn is None else np.flatnonzero(self.drawn[:n])

    def by_time(self) -> Self:
        """Return the rows in the order of event time, see `time_order`."""
        return self.take(time_order(self.time_ms, self.user))


def take(x: ScoreInput, index: NDArray[np.int64]) -> ScoreInput:
    """Return the events at ``index``, in that order."""
    picks = index.tolist()
    return ScoreInput(
        x.rows[index],
        x.features[index],
        x.past[index],
        x.n_past[index],
        [x.texts[i] for i in picks],
        None if x.attributes is None else [x.attributes[i] for i in picks],
    )


def joined(parts: Sequence[ScoreInput]) -> ScoreInput:
    """Return the events of all parts, at least one, one part after another."""
    told = any(part.attributes is not None for part in parts)
    return ScoreInput(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.past for part in parts]),
        np.concatenate([part.n_past for part in parts]),
        [text for part in parts for text in part.texts],
        [found for part in parts for found in part.attributes or [None] * len(part)]
        if told
        else None,
    )


def teachable(rows: TrainingRows) -> tuple[TrainingRows, list[str]]:
    """Blank the answers that are too few to learn from, and name the heads that remain."""
    fraud = (rows.label == 1).sum() >= MIN_POSITIVES and (rows.label == 0).any()
    bad = (rows.turned_bad == 1).sum() >= MIN_POSITIVES and (rows.turned_bad == 0).any()
    spend = float(np.nansum(rows.spend)) > 0
    unknown = np.full(len(rows), -1, np.int8)
    kept = TrainingRows(
        rows.x,
        rows.label if fraud else unknown,
        rows.turned_bad if bad else unknown,
        rows.spend if spend else np.full(len(rows), np.nan, np.float32),
        rows.time_ms,
        rows.user,
    )
    there = (("fraud", fraud), ("bad", bad), ("spend", spend))
    return kept, [name for name, known in there if known]
