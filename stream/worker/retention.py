"""Where reading an input topic goes on, and what the broker removed before it was read."""

import logging
from collections.abc import Callable, Mapping

from aiokafka.structs import OffsetAndMetadata
from faust.types import TP

log = logging.getLogger(__name__)


class Retention:
    """Compares where partitions are read on with where reading had come to.

    ``count`` is called with a topic and how many of its offsets were skipped.

    >>> retention = Retention(lambda topic, n: print(topic, n))
    >>> orders = TP("shop.orders", 0)
    >>> retention.resume({orders: 70}, {orders: 100})
    shop.orders 30
    >>> retention.check(orders, 100); retention.read_to(orders, 120); retention.check(orders, 150)
    shop.orders 30
    """

    def __init__(self, count: Callable[[str, int], None]) -> None:
        self._count = count
        self._next: dict[TP, int] = {}

    def resume(self, committed: Mapping[TP, int], starts: Mapping[TP, int]) -> None:
        """Take where partitions begin to be read, and what was committed, -1 for nothing."""
        self._next = {tp: offset for tp, offset in committed.items() if offset >= 0}
        for tp, start in starts.items():
            self.check(tp, start)
        self._next = dict(starts)

    def check(self, tp: TP, position: int) -> None:
        """Tell of the offsets between the last one read and ``position``, which is read next."""
        expected = self._next.get(tp, position)
        if position <= expected:
            return
        self._next[tp] = position
        log.error(
            "%s, partition %d goes on at offset %d where %d was next: the broker removed what is "
            "between them before it was read, and those events are not decided; keep records of "
            "this topic for longer than a worker may be away",
            tp.topic, tp.partition, position, expected,
        )  # fmt: skip
        self._count(tp.topic, position - expected)

    def read_to(self, tp: TP, position: int) -> None:
        """Note that ``position`` is to be read next."""
        self._next[tp] = position


def resumed(committed: OffsetAndMetadata | None, life: int) -> int:
    """Return the offset to go on from, -1 for none: the one committed in this life of the topic.

    A worker may commit what it has read of a topic after that was deleted and made again.

    >>> resumed(OffsetAndMetadata(70, "5"), 5), resumed(OffsetAndMetadata(70, "5"), 6)
    (70, -1)
    >>> resumed(OffsetAndMetadata(70, ""), 6), resumed(OffsetAndMetadata(70, "0"), 6)
    (70, 70)
    """
    if committed is None:
        return -1
    known = committed.metadata or "0"  # commits of before had none, the embedded broker has no ids
    return int(committed.offset) if known in {"0", str(life)} or not life else -1
