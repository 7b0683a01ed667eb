"""What a backtest decided and what became known of it, collected slice by slice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.judging.days import day_numbers
from stream.judging.judged import COLUMNS, Judged, Segment, user_codes
from stream.pipeline.pipeline import Decided
from stream.replay.history import Slice
from stream.replay.segments import Segments
from stream.replay.spool import Spool
from stream.replay.truth import UNKNOWN, Truth
from topics.vocabulary import LABEL_KINDS, ORDER


@dataclass(frozen=True, eq=False)
class Said:
    """What was decided of ``n`` events, each a row: ``p_fraud`` and ``risk`` float64, NaN unknown.

    ``action`` is uint8, codes of ``ACTIONS``; ``warm`` bool.
    """

    p_fraud: NDArray[np.float64]
    risk: NDArray[np.float64]
    action: NDArray[np.uint8]
    warm: NDArray[np.bool_]

    def take(self, at: NDArray[np.int64]) -> "Said":
        """Return the rows ``at``, in that order."""
        return Said(self.p_fraud[at], self.risk[at], self.action[at], self.warm[at])


@dataclass
class Collector:
    """Judges decisions by ``truth`` and keeps what metrics need of them, on disk until the end.

    ``unlabelled`` is ``negative`` or ``ignore``; ``drop_known_days`` None keeps users known as bad;
    ``segments`` collects the columns to report by.
    """

    truth: Truth
    unlabelled: str
    drop_known_days: float | None
    segments: Segments
    spool: Spool
    _bad_orders: set[int] = field(default_factory=set)
    n_dropped: int = 0
    n_cold: int = 0

    def add(
        self, part: Slice, decided: Decided, at: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Judged]:
        """Take the events of a slice at the positions ``at``.

        Return the positions of those that are warm, and these judged.
        """
        p_fraud = decided.scores.p_fraud[at]
        said = Said(p_fraud, decided.risk[at], decided.action[at], decided.warm[at])
        return self.take(part, said, at)

    def take(
        self, part: Slice, said: Said, at: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Judged]:
        """Do the same where what was decided was kept: ``said`` has a row per position."""
        rows = part.events.rows[at]
        place = self.truth.place(rows["event"])
        known = place >= 0
        none = np.int8(0 if self.unlabelled == "negative" else UNKNOWN)
        label = np.where(known, self._of(self.truth.is_fraud, place), none).astype(np.int8)
        label[self._following(rows, known, label)] = UNKNOWN
        if self.drop_known_days is not None:
            dropped = self.truth.known_bad(rows["user"], rows["time_ms"], self.drop_known_days)
            self.n_dropped += int((dropped & (label >= 0)).sum())
            label[dropped] = UNKNOWN
        p_fraud, risk = said.p_fraud.astype(np.float32), said.risk.astype(np.float32)
        judged = Judged(
            day=day_numbers(rows["time_ms"]),
            user=rows["user"].copy(),
            type=rows["type"].copy(),
            score=np.where(np.isfinite(p_fraud), p_fraud, risk),
            p=p_fraud,
            action=said.action,
            label=label,
            kind=np.where(known, self._of(self.truth.kind, place), np.int8(UNKNOWN)),
            scenario=np.where(known, self._of(self.truth.scenario, place), np.int16(UNKNOWN)),
            amount=rows["amount"].astype(np.float32),
            kinds=LABEL_KINDS,
            scenarios=self.truth.scenarios,
        )
        warm = said.warm
        self.n_cold += int((~warm).sum())
        for name, column in judged.take(~warm).arrays().items():
            self.spool.append(f"cold {name}", column)
        at, judged = at[warm], judged.take(warm)
        for name, column in judged.arrays().items():
            self.spool.append(name, column)
        self.segments.add(part.by, at)
        return at, judged

    def judged(self) -> Judged:
        """Return all that is warm of what was taken; the caller has taken something.

        Users are small numbers then, in order of appearance.
        Events rank by the model's probability, by the risk where it gives none.
        """
        return self._taken("", self.segments.found(), self.n_cold)

    def cold(self) -> Judged:
        """Return all that is not warm, which no figure over the others counts; no segments."""
        return self._taken("cold ", {}, 0)

    def _taken(self, of: str, segments: Mapping[str, Segment], n_cold: int) -> Judged:
        columns: dict[str, NDArray[Any]] = {name: self.spool.column(of + name) for name in COLUMNS}
        columns["user"] = user_codes(columns["user"])[0]
        return Judged(
            **columns,
            kinds=LABEL_KINDS,
            scenarios=self.truth.scenarios,
            segments=segments,
            n_cold=n_cold,
        )

    def _of(self, values: NDArray[np.generic], place: NDArray[np.int64]) -> NDArray[np.generic]:
        return values[place] if len(values) else np.zeros(len(place), values.dtype)

    def _following(
        self, rows: NDArray[np.void], known: NDArray[np.bool_], label: NDArray[np.int8]
    ) -> NDArray[np.bool_]:
        """Mark unlabelled later events of an order of which an event is labelled as fraud."""
        of_order = (rows["type"] == ORDER) & (rows["order"] != 0)
        self._bad_orders.update(rows["order"][of_order & known & (label == 1)].tolist())
        if not self._bad_orders:
            return np.zeros(len(rows), np.bool_)
        asked = np.flatnonzero(of_order & ~known)
        following = np.zeros(len(rows), np.bool_)
        orders = rows["order"][asked].tolist()
        following[asked] = [order in self._bad_orders for order in orders]
        return following
