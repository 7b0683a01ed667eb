"""How far each held partition is behind its end, for the watchdog and for the metrics."""

from collections.abc import Iterable

from faust.types import TP
from prometheus_client import Gauge


class Lag:
    """Records not yet processed, by topic partition, from its last acknowledgement until it leaves.

    The event loop writes, any thread may read. ``gauge`` has the labels topic, named without the
    ``prefix`` of the deployment, and partition.

    >>> gauge = Gauge("lag", "Records behind the end.", ["topic", "partition"], registry=None)
    >>> lag, one, two = Lag(gauge, "test."), TP("test.orders", 1), TP("test.orders", 2)
    >>> lag.note(one, 7); lag.note(two, 0); lag.any(), lag.total()
    (True, 7)
    >>> lag.drop([one, TP("test.orders", 9)]); lag.any()
    False
    """

    def __init__(self, gauge: Gauge, prefix: str = "") -> None:
        self._gauge, self._prefix = gauge, prefix
        self._behind: dict[TP, int] = {}

    def note(self, tp: TP, n_records: int) -> None:
        """Note how many records a partition holds behind the batch that was just acknowledged."""
        self._behind[tp] = n_records
        self._gauge.labels(*self._labels(tp)).set(n_records)

    def drop(self, tps: Iterable[TP]) -> None:
        """Forget partitions that were revoked: whoever holds them now knows better."""
        for tp in tps:
            if self._behind.pop(tp, None) is not None:
                self._gauge.remove(*self._labels(tp))

    def behind(self) -> list[TP]:
        """Return the held partitions that have records which are not processed."""
        return [tp for tp, n_records in self._behind.items() if n_records]

    def any(self) -> bool:
        """Tell whether a held partition has records that are not processed."""
        return any(list(self._behind.values()))

    def total(self) -> int:
        """Return how many records of held partitions are not processed, all together."""
        return sum(list(self._behind.values()))

    def _labels(self, tp: TP) -> tuple[str, str]:
        return tp.topic.removeprefix(self._prefix), str(tp.partition)
