"""What a backtest decided and what became known of it, collected slice by slice."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.pipeline import Decided
from stream.replay.history import Slice
from stream.replay.truth import UNKNOWN, Truth
from topics.vocabulary import ORDER


@dataclass(frozen=True, eq=False)
class Outcomes:
    """``n`` decided events in their order.

    ``time_ms`` int64, ``user`` uint64, ``type`` and ``action`` uint8 codes, ``p_fraud``, ``risk``
    and ``amount`` float32 (NaN unknown), ``label`` int8 (1 fraud, 0 legitimate or counted as such,
    -1 left out), ``kind`` and ``scenario`` of the label (-1 none), ``warm`` bool.
    """

    time_ms: NDArray[np.int64]
    user: NDArray[np.uint64]
    type: NDArray[np.uint8]
    action: NDArray[np.uint8]
    p_fraud: NDArray[np.float32]
    risk: NDArray[np.float32]
    amount: NDArray[np.float32]
    label: NDArray[np.int8]
    kind: NDArray[np.int8]
    scenario: NDArray[np.int16]
    warm: NDArray[np.bool_]


@dataclass
class Collector:
    """Judges decisions by ``truth`` and keeps what metrics need of them.

    ``unlabelled`` is ``negative`` or ``ignore``; ``drop_known_days`` None keeps users known as bad.
    """

    truth: Truth
    unlabelled: str
    drop_known_days: float | None
    _parts: list[tuple[NDArray[np.generic], ...]] = field(default_factory=list)
    _bad_orders: set[int] = field(default_factory=set)
    n_dropped: int = 0

    def add(self, part: Slice, decided: Decided, at: NDArray[np.int64]) -> None:
        """Take the events of a slice at the positions ``at``."""
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
        self._parts.append(
            (
                rows["time_ms"].copy(),
                rows["user"].copy(),
                rows["type"].copy(),
                decided.action[at],
                decided.scores.p_fraud[at].astype(np.float32),
                decided.risk[at].astype(np.float32),
                rows["amount"].astype(np.float32),
                label,
                np.where(known, self._of(self.truth.kind, place), np.int8(UNKNOWN)),
                np.where(known, self._of(self.truth.scenario, place), np.int16(UNKNOWN)),
                decided.warm[at],
            )
        )

    def outcomes(self) -> Outcomes:
        """Return everything that was taken."""
        empty = (np.zeros(0, kind) for kind in ("i8", "u8", "u1", "u1", *3 * ("f4",), "i1", "i1"))
        first = (*empty, np.zeros(0, np.int16), np.zeros(0, np.bool_))
        columns: list[NDArray[np.generic]] = [
            np.concatenate(parts) for parts in zip(first, *self._parts, strict=True)
        ]
        return Outcomes(*columns)  # type: ignore[arg-type]

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
