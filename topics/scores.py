"""What a model is asked and what it answers, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from topics.columns import EventBatch, Rows
from topics.eventwords import COLUMN, codes_of
from topics.freefields import EVENT_PREFIX, PREFIX, FreeFields

Head = Literal["fraud", "bad"]
"""What a model explains: the probability of fraud, or that of the user turning bad."""


@dataclass(frozen=True, eq=False)
class ScoreInput:
    """``n`` events as a model sees them.

    ``rows`` is EVENT[n]; ``features`` float32[n, F], NaN where unknown, in the order of the
    feature table; ``past`` PAST[n, K], the user's newest events first; ``n_past`` how many of
    them are real; ``texts`` what a person wrote, or None; ``attributes`` the shop's own fields of
    each event, or None; None for all: there are none.
    """

    rows: Rows
    features: NDArray[np.float32]
    past: Rows
    n_past: NDArray[np.uint8]
    texts: list[str | None]
    attributes: Sequence[FreeFields | None] | None = None

    @classmethod
    def of(
        cls,
        events: EventBatch,
        features: NDArray[np.float32],
        past: Rows,
        n_past: NDArray[np.uint8],
    ) -> Self:
        """Return decoded events with what was computed of them."""
        return cls(events.rows, features, past, n_past, events.texts, events.attributes)

    def __len__(self) -> int:
        return len(self.rows)

    def fields_of(self, row: int) -> FreeFields:
        """Return the fields of one event by their features' names: the shop's own, and codes."""
        own = (self.attributes[row] if self.attributes else None) or {}
        event = self.rows[row : row + 1]
        codes = ((name, int(codes_of(event, name)[0])) for name in COLUMN)
        return {PREFIX + name: value for name, value in own.items()} | {
            EVENT_PREFIX + name: code for name, code in codes if code
        }


class ScorerDownError(RuntimeError):
    """A scorer cannot answer now: its device is gone or it hangs; it may be back later."""


@dataclass(frozen=True)
class TextWork:
    """What was done about a batch's texts: how many were encoded, how many came from the cache.

    ``cpu_s`` is the processor time of the calling thread that it took, in seconds.
    """

    n_encoded: int = 0
    n_cached: int = 0
    cpu_s: float = 0.0

    def since(self, before: "TextWork") -> "TextWork":
        """Return what was done after ``before``."""
        n_encoded, n_cached = self.n_encoded - before.n_encoded, self.n_cached - before.n_cached
        return TextWork(n_encoded, n_cached, self.cpu_s - before.cpu_s)


@dataclass(frozen=True, eq=False)
class Scores:
    """A model's answer for ``n`` events; every array is float64[n] but ``degraded``, bool[n].

    ``p_fraud`` and ``p_bad`` are calibrated probabilities, ``anomaly`` lies in [0, 1], ``spend``
    is the expected spend over the next 30 days in the account's currency. NaN: not computed.
    ``degraded`` marks events scored without a part of the model, such as a text past its deadline.
    ``text_work`` says what the texts took.
    """

    p_fraud: NDArray[np.float64]
    anomaly: NDArray[np.float64]
    p_bad: NDArray[np.float64]
    spend: NDArray[np.float64]
    degraded: NDArray[np.bool_]
    text_work: TextWork = TextWork()
