"""Reads a changelog into the stores of its partitions: all of it, and then what comes."""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final, cast

import numpy as np

from stream.worker.partition import PartitionStore
from stream.worker.processor import by_partition
from stream.worker.stateload import StateLoad
from stream.worker.unreadable import check_states
from topics.consuming import bounds, read_topic

PENDING_BYTES: Final = 32 << 20
"""Of records of all partitions in memory, before those of the largest one are put aside."""

N_AT_ONCE: Final = 20_000
"""Records that are taken from Kafka at most before they are handed on."""

FOLLOW_EVERY_S: Final = 0.5
NEAR: Final = 500
"""Records of all partitions that may be left: the worker reads so many in no time when it joins."""

MOST_ROUNDS: Final = 20
"""How often what came meanwhile is read after the end was asked for. Where that is not enough,
changes come faster than they are read, and more rounds would not help."""


class ChangelogReader:
    """Reads ``topic`` into ``stores``, by partition; ``tell`` hears of ``n_read`` and ``n_stale``.

    So many records have been read, and so many of them were outweighed.
    """

    def __init__(
        self,
        brokers: str,
        topic: str,
        stores: Mapping[int, PartitionStore],
        tell: Callable[[str, int, int], None],
    ) -> None:
        self._brokers, self._topic = brokers, topic
        self._stores, self._tell = stores, tell
        self._loads: dict[int, StateLoad] = {}
        self._ends = dict.fromkeys(stores, 0)  # up to which was read
        self.n_read = self.n_stale = 0

    def fill(self, scratch: Path) -> None:
        """Read what is there; ``scratch`` is an empty folder on the stores' file system."""
        with ExitStack() as files:
            for number, store in self._stores.items():
                if store.position < 0:
                    load = StateLoad(scratch / f"records-{number}")
                    self._loads[number] = files.enter_context(closing(load))
            self._read("reading", self._bounds())
            self._tell("sorting", self.n_read, self.n_stale)
            while self._loads:
                number, load = self._loads.popitem()
                if load.position >= 0:
                    self.n_stale += self._stores[number].fill(load, scratch)
                load.close()  # it may be large

    def follow(self, finish: threading.Event) -> None:
        """Read what comes, until ``finish`` is set and not much is left."""
        self._tell("following", self.n_read, self.n_stale)
        rounds = 0
        while rounds < MOST_ROUNDS:
            ends = self._bounds()
            is_near = self._n_before(ends) < NEAR
            if not is_near:
                self._read("following", ends)
            if finish.is_set() and is_near:
                return
            rounds += finish.wait(FOLLOW_EVERY_S)

    def _starts(self) -> dict[int, int]:
        """Return the offsets to go on from; of what is left out, the store may know the end."""
        return {n: max(self._ends[n], store.position + 1) for n, store in self._stores.items()}

    def _bounds(self) -> dict[int, int]:
        """Return where the partitions end now; those of a topic that has fewer are at 0."""
        found = bounds(self._brokers, self._topic)
        return {n: found.get(n, (0, 0))[1] for n in self._stores}

    def _n_before(self, ends: Mapping[int, int]) -> int:
        """Return how many records may be left; a topic that was made again has none for us."""
        return sum(max(0, ends[n] - start) for n, start in self._starts().items())

    def _read(self, doing: str, ends: dict[int, int]) -> None:
        parts = read_topic(
            self._brokers, self._topic, starts=self._starts(), n_records=N_AT_ONCE
        )  # it may read beyond those ends
        self._ends = ends
        for taken in parts:
            for number, at in by_partition(np.array(taken.partitions)):
                offsets = [taken.offsets[i] for i in at]
                values = [taken.values[i] for i in at]
                found = [taken.keys[i] for i in at]
                check_states(self._topic, number, offsets, found, values)
                keys = cast("list[bytes]", found)
                if load := self._loads.get(number):
                    load.add(offsets[-1], keys, values)
                else:
                    self.n_stale += self._stores[number].recover(np.array(offsets), keys, values)
            if sum(load.n_pending for load in self._loads.values()) >= PENDING_BYTES:
                max(self._loads.values(), key=lambda load: load.n_pending).put_aside()
            self.n_read += len(taken.offsets)
            self._tell(doing, self.n_read, self.n_stale)
