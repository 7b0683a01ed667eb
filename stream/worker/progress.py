"""Which batches are unfinished, and up to where each partition may be committed."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from faust.types import TP

LARGE = 1_000
"""Records of a batch whose own work takes longer than what every batch costs besides."""


@dataclass
class Track:
    """One topic partition: batches handed over and not yet acknowledged, and the commit point."""

    waiting: deque[tuple[int, int]] = field(default_factory=deque)
    acked: set[int] = field(default_factory=set)
    done: int | None = None
    committed: int | None = None


class Progress:
    """Batches by topic partition; only an unbroken prefix of finished batches may be committed.

    >>> progress, tp = Progress(), TP("t", 0)
    >>> progress.hand_over(tp, 0, 100); progress.hand_over(tp, 100, 150)
    >>> progress.finish(tp, 100), progress.committable()
    (True, {})
    >>> progress.finish(tp, 0), progress.committable(), progress.n_waiting(tp)
    (True, {TP(topic='t', partition=0): 150}, 0)
    >>> progress.commit({tp: 150}); progress.committable()
    {}
    """

    def __init__(self) -> None:
        self._tracks: dict[TP, Track] = {}
        self.n_finished = 0

    def hand_over(self, tp: TP, base: int, end: int) -> None:
        """Note a batch that begins at offset ``base`` and after which ``end`` comes next."""
        self._tracks.setdefault(tp, Track()).waiting.append((base, end))

    def finish(self, tp: TP, base: int) -> bool:
        """Note that the batch at ``base`` is in the store; False if it had been forgotten."""
        track = self._tracks.get(tp)
        if track is None or all(base != start for start, _ in track.waiting):
            return False
        track.acked.add(base)
        while track.waiting and track.waiting[0][0] in track.acked:
            start, track.done = track.waiting.popleft()
            track.acked.discard(start)
        self.n_finished += 1
        return True

    def n_waiting(self, tp: TP) -> int:
        """Return how many batches of a partition are unfinished."""
        track = self._tracks.get(tp)
        return len(track.waiting) if track else 0

    def has_room(self, tp: TP, limit: int, n_queued: int) -> bool:
        """Tell whether a partition may have another batch while ``n_queued`` of its records wait.

        Behind a small batch that waits to be computed there is no room: the records that come
        meanwhile are worked on together. Behind a large one there is, up to ``limit`` unfinished.

        >>> progress, tp = Progress(), TP("t", 0)
        >>> progress.hand_over(tp, 0, 10)
        >>> progress.has_room(tp, 2, 10), progress.has_room(tp, 2, 0)
        (False, True)
        >>> progress.has_room(tp, 2, LARGE), progress.has_room(tp, 1, LARGE)
        (True, False)
        """
        return not n_queued or (n_queued >= LARGE and self.n_waiting(tp) < limit)

    def n_offsets(self) -> int:
        """Return how many offsets the unfinished batches span, all together."""
        waiting = [track.waiting for track in self._tracks.values() if track.waiting]
        return sum(batches[-1][1] - batches[0][0] for batches in waiting)

    def n_unfinished(self) -> int:
        """Return how many batches are unfinished, all together; any thread may ask."""
        return sum(len(track.waiting) for track in list(self._tracks.values()))

    def committable(self, tps: Iterable[TP] | None = None) -> dict[TP, int]:
        """Return the next offset of every partition whose commit point has moved."""
        chosen = self._tracks if tps is None else [tp for tp in tps if tp in self._tracks]
        points = {tp: self._tracks[tp] for tp in chosen}
        return {
            tp: track.done
            for tp, track in points.items()
            if track.done is not None and track.done != track.committed
        }

    def commit(self, offsets: Mapping[TP, int]) -> None:
        """Note offsets that the broker has accepted."""
        for tp, offset in offsets.items():
            if tp in self._tracks:
                self._tracks[tp].committed = offset

    def forget(self, tps: Iterable[TP]) -> None:
        """Drop what is known of partitions that were revoked or will be read again."""
        for tp in tps:
            self._tracks.pop(tp, None)
