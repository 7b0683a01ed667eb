"""Labels that came before their event, for as long as they could count."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.links import LINK
from stream.pipeline.windows import DAY_MS
from stream.worker.entitykeys import WAITING
from stream.worker.linksink import KeyValues
from topics.columns import Rows, taken

KEPT_DAYS: Final = 31
"""Entities' windows go back 30 days from an event: what became known before that counts no more."""

AT_ONCE: Final = 10_000


class WaitingLabels:
    """Keys of labels whose event has not come, and when the newest of each became known, in ms.

    The event may never come, or be one of which nothing is kept, as most browsing: ``pass_to``
    forgets labels that would count for no event of that time any more.

    >>> waiting = WaitingLabels()
    >>> waiting.pass_to(100 * DAY_MS)
    []
    >>> waiting.add(b"w1", 80 * DAY_MS), waiting.add(b"w2", 50 * DAY_MS), b"w1" in waiting
    (True, False, True)
    >>> waiting.pass_to(112 * DAY_MS), len(waiting)
    ([b'w1'], 0)
    """

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self._oldest_ms = 0

    def open(self, store: KeyValues) -> None:
        """Take those that a store holds."""
        keys = list(store.keys(WAITING))
        self._known = {}
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            for key, value in zip(some, store.get_many(some), strict=True):
                self._known[key] = newest_known(value or b"")

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: bytes) -> bool:
        return key in self._known

    def add(self, key: bytes, known_ms: int) -> bool:
        """Let a label wait under a key, or return False where it is too old."""
        if known_ms < self._oldest_ms:
            return False
        self._known[key] = max(known_ms, self._known.get(key, known_ms))
        return True

    def young(self, labels: Rows) -> Rows:
        """Return those of some labels, LINK[n], that are not too old."""
        return taken(labels, np.flatnonzero(labels["time_ms"] >= self._oldest_ms))

    def discard(self, key: bytes) -> None:
        """Forget those of a key: their event has come."""
        self._known.pop(key, None)

    def pass_to(self, newest_ms: int) -> list[bytes]:
        """Take the time of the newest event; return the keys of labels that are too old now."""
        oldest_ms = oldest_waiting(newest_ms)
        if oldest_ms <= self._oldest_ms:
            return []
        self._oldest_ms = oldest_ms
        gone = [key for key, known_ms in self._known.items() if known_ms < oldest_ms]
        for key in gone:
            del self._known[key]
        return gone


def oldest_waiting(newest_ms: int) -> int:
    """Return when a label must have become known at least, by whole days, to wait any longer."""
    return (newest_ms // DAY_MS - KEPT_DAYS) * DAY_MS


def newest_known(value: bytes) -> int:
    """Return when the newest of some labels, stored together, became known, in ms."""
    times: NDArray[np.int64] = np.frombuffer(value, LINK)["time_ms"]
    return int(times.max(initial=0))


def newest_event(links: Rows) -> int:
    """Return the time of the newest event among LINK[n], in ms; 0 if there is none."""
    return int(links["time_ms"][links["is_label"] == 0].max(initial=0))


def still_waiting(
    waiting: list[tuple[bytes, bytes]], newest_ms: int
) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of labels, in the order of the keys, without those that are too old."""
    oldest_ms = oldest_waiting(newest_ms)
    for key, value in sorted(waiting):
        if newest_known(value) >= oldest_ms:
            yield key, value
