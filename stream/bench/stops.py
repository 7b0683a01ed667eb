"""How long deciding stopped while workers came and went, by the broker's clock."""

from collections import defaultdict
from typing import Final

import msgspec
import numpy as np

from stream.bench.traffic import TOPICS
from topics.catalog import DECISIONS
from topics.consuming import read_topic


class _Record(msgspec.Struct, gc=False):
    event_id: str


_read: Final = msgspec.json.Decoder(_Record)


class Stops:
    """When decisions were appended from ``from_ms`` on, by partition."""

    def __init__(self, brokers: str, from_ms: int) -> None:
        times: dict[int, list[int]] = defaultdict(list)
        self._decided: set[str] = set()
        self.n_repeated = 0
        for taken in read_topic(brokers, DECISIONS, from_ms=from_ms):
            for partition, at_ms in zip(taken.partitions, taken.timestamps_ms, strict=True):
                times[partition].append(at_ms)
            ids = [_read.decode(value or b"").event_id for value in taken.values]
            before = len(self._decided)
            self._decided.update(ids)
            self.n_repeated += before + len(ids) - len(self._decided)
        self._times = {number: np.sort(np.array(stamps)) for number, stamps in times.items()}

    def longest_s(self, begin_ms: int, end_ms: int) -> dict[str, float]:
        """Return the longest time without a decision in one partition, and in all of them.

        Only what begins between the two moments counts.
        """
        everywhere = np.sort(np.concatenate(list(self._times.values())))
        one = max(longest_ms(times, begin_ms, end_ms) for times in self._times.values())
        return {
            "one_partition_s": one / 1000,
            "all_partitions_s": longest_ms(everywhere, begin_ms, end_ms) / 1000,
        }

    def check(self, brokers: str, from_ms: int) -> int:
        """Return how many events came from ``from_ms`` on; RuntimeError if one was not decided."""
        sent: set[str] = set()
        for topic in TOPICS:
            for taken in read_topic(brokers, topic, from_ms=from_ms):
                sent.update(_read.decode(value or b"").event_id for value in taken.values)
        if missing := len(sent - self._decided):
            raise RuntimeError(f"{missing:,} of {len(sent):,} events were not decided")
        return len(sent)


def longest_ms(times: "np.typing.NDArray[np.int64]", begin_ms: int, end_ms: int) -> int:
    """Return the greatest gap between neighbours of sorted times that begins within a range.

    >>> longest_ms(np.array([1, 5, 6, 26, 27, 99]), 5, 27), longest_ms(np.array([1, 5]), 6, 9)
    (72, 0)
    """
    first, last = np.searchsorted(times, [begin_ms, end_ms + 1])
    gaps = np.diff(times)[first:last]
    return int(gaps.max(initial=0))
