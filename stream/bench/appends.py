"""When the broker appended orders, and what was decided of them, by the numbers of the events."""

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.bench.traffic import CROWD
from topics.catalog import ALERTS, DECISIONS, ORDERS
from topics.consuming import read_topic

PERCENTILES: Final = {"p50_ms": 50.0, "p99_ms": 99.0, "p999_ms": 99.9, "max_ms": 100.0}
Times = NDArray[np.int64]


class _Record(msgspec.Struct, gc=False):
    event_id: str
    type: str = "order"
    revision: int = 0


_read: Final = msgspec.json.Decoder(_Record)


class Appends:
    """The times of all orders, their decisions and their alerts on a broker; of repeats the first.

    ``n_repeated`` are the records that came a second time. Where an event was decided once more
    because the model had been away, its first decision counts.
    """

    def __init__(self, brokers: str) -> None:
        self._brokers = brokers
        self.n_repeated = 0
        self._orders = self._times(ORDERS, lambda event_id: True)
        self._crowd = self._times(ORDERS, lambda event_id: event_id.startswith(CROWD))
        self._decisions = self._times(DECISIONS, lambda event_id: True)
        self._alerts = self._times(ALERTS, lambda event_id: event_id.startswith(CROWD))

    def of(self, first: int, last: int) -> tuple[Times, Times]:
        """Return the milliseconds to the alerts and to the decisions of the orders in a range.

        ``first`` and ``last`` (exclusive) are numbers of events. Raises RuntimeError where an
        order has no decision, or one of a crowd no alert.
        """
        return (
            _waits(_within(self._crowd, first, last), self._alerts, "alert"),
            _waits(_within(self._orders, first, last), self._decisions, "decision"),
        )

    def _times(self, topic: str, wanted: Callable[[str], bool]) -> dict[int, int]:
        """Return the time of the first append by the number of the order."""
        found: dict[int, int] = {}
        for taken in read_topic(self._brokers, topic):
            for value, at_ms in zip(taken.values, taken.timestamps_ms, strict=True):
                record = _read.decode(value or b"{}")
                if record.type == "order" and not record.revision and wanted(record.event_id):
                    number = int(record.event_id.rpartition("e")[2])
                    self.n_repeated += number in found
                    found.setdefault(number, at_ms)
        return found


def _within(times: dict[int, int], first: int, last: int) -> dict[int, int]:
    return {number: at_ms for number, at_ms in times.items() if first <= number < last}


def _waits(begun: dict[int, int], ended: dict[int, int], what: str) -> Times:
    missing = begun.keys() - ended.keys()
    if missing or not begun:
        raise RuntimeError(f"{len(missing):,} of {len(begun):,} orders have no {what}")
    return np.array([ended[number] - at_ms for number, at_ms in begun.items()], np.int64)


def spread(waits_ms: Times) -> dict[str, int]:
    """Return the percentiles of waiting times, each one that occurred.

    >>> spread(np.arange(1, 101))
    {'p50_ms': 51, 'p99_ms': 100, 'p999_ms': 100, 'max_ms': 100}
    """
    found = np.percentile(waits_ms, list(PERCENTILES.values()), method="higher")
    return {name: int(value) for name, value in zip(PERCENTILES, found, strict=True)}
