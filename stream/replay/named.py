"""Which entities an event named, kept for as long as a label about it may come."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.links import N_KINDS
from stream.pipeline.windows import DAY_MS
from topics.columns import Rows

KEPT_DAYS: Final = 121
"""As long as a worker keeps them."""
SPAN_DAYS: Final = 11

_SIZE: Final = 8 * N_KINDS


class Named:
    """The entities of the events of the last months, and labels that came before their event."""

    def __init__(self) -> None:
        self._spans: dict[int, dict[int, bytes]] = {}
        self._waiting: dict[int, list[Rows]] = {}

    def keep(self, links: Rows, turns: NDArray[np.int64]) -> Rows:
        """Keep what LINK[n] name; return the labels that waited for them, at their ``turns``."""
        data = links["tokens"].tobytes()
        spans = (links["event_ms"] // (SPAN_DAYS * DAY_MS)).tolist()
        found = []
        for i, (event, span) in enumerate(zip(links["event"].tolist(), spans, strict=True)):
            self._spans.setdefault(span, {})[event] = data[_SIZE * i : _SIZE * (i + 1)]
            for label in self._waiting.pop(event, ()):
                label["tokens"], label["offset"] = links["tokens"][i], turns[i]
                found.append(label)
        if spans:
            self._forget(max(spans))
        return np.array(found, links.dtype) if found else links[:0]

    def resolve(self, told: Rows) -> Rows:
        """Return LINK rows of labels with the entities of their events, without those that wait."""
        found = np.zeros(len(told), np.bool_)
        for i, event in enumerate(told["event"].tolist()):
            tokens = next((span[event] for span in self._spans.values() if event in span), None)
            if tokens is None:
                self._waiting.setdefault(event, []).append(told[i].copy())
            else:
                told["tokens"][i] = np.frombuffer(tokens, np.uint64)
                found[i] = True
        return told[found]

    def _forget(self, newest: int) -> None:
        oldest = newest - KEPT_DAYS // SPAN_DAYS
        for span in [span for span in self._spans if span < oldest]:
            del self._spans[span]
