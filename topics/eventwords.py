"""Words of the contract that say what an event is: fields of a model beside a shop's own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from topics.columns import Rows
from topics.eventrows import dearest
from topics.records import Browse, Event, Order, Review
from topics.vocabulary import BROWSE_ACTIONS, FIRST_BROWSE_STEP, ORDER_STATUSES, REVIEWED

COLUMN: Final = {
    "step": "step",
    "payment.method": "method",
    "channel": "channel",
    "currency": "currency",
    "category": "category",
}
"""The column of EVENT that holds each; ``category`` is that of an order's dearest item."""

STEP: Final = "step"
"""An order's status, the action of a browse event, or a review."""

STEPS: Final[dict[int, str]] = (
    {1 + i: word for i, word in enumerate(ORDER_STATUSES)}
    | {1 + FIRST_BROWSE_STEP + i: word for i, word in enumerate(BROWSE_ACTIONS)}
    | {1 + REVIEWED: "review"}
)
"""The words of steps by their codes, which are one more than in EVENT."""

MOST_WORDS: Final = 20_000
_DECODERS: Final = [msgspec.json.Decoder(record) for record in (Order, Browse, Review)]


def codes_of(rows: Rows, name: str) -> NDArray[np.uint32]:
    """Return which word each event has in the field of that name, uint32[n]; 0: none."""
    codes = rows[COLUMN[name]].astype(np.uint32)
    return codes + np.uint32(1) if name == STEP else codes


class EventWords:
    """Collects the words of events, of which EVENT holds tokens; the first `MOST_WORDS`."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def add(self, rows: Rows, values: Sequence[bytes]) -> None:
        """Look the words of events that are new up in the events as they came."""
        for name in COLUMN:
            if name == STEP:
                continue
            codes, first = np.unique(codes_of(rows, name), return_index=True)
            for code, at in zip(codes.tolist(), first.tolist(), strict=True):
                if code and str(code) not in self.found and len(self.found) < MOST_WORDS:
                    event = _DECODERS[int(rows["type"][at])].decode(values[at])
                    self.found[str(code)] = _words(event)[name] or ""


def _words(event: Event) -> Mapping[str, str | None]:
    found: dict[str, Any] = {"channel": event.channel}
    if isinstance(event, Order):
        payment = event.payment.method if event.payment else None
        category = dearest(event.items)[1]
        found |= {"payment.method": payment, "currency": event.currency, "category": category}
    elif isinstance(event, Browse):
        found["category"] = event.category
    return found
