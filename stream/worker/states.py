"""The partitions whose states this worker holds: opened, recovered and closed as they move."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import cast

from rocksdict import DbClosedError

from stream.worker.envelope import term_of
from stream.worker.fetched import Fetched
from stream.worker.partition import PartitionStore, partition_folder
from stream.worker.rocks import block_cache

BLOCK_SHARE = 4
"""One part in so many of the cache memory is for RocksDB's blocks, the rest for raw values."""


class States:
    """One `PartitionStore` per assigned partition, in folders that stay when a partition leaves.

    ``look_up`` returns, for a partition, the life of the changelog topic (0 unknown) and the
    offset after its last record.
    """

    def __init__(
        self,
        folder: Path,
        cache_bytes: int,
        n_partitions: int,
        look_up: Callable[[Iterable[int]], Awaitable[Mapping[int, tuple[int, int]]]],
    ) -> None:
        self._folder = folder
        self._blocks = block_cache(cache_bytes // BLOCK_SHARE)
        self._values_bytes = (cache_bytes - cache_bytes // BLOCK_SHARE) // n_partitions
        self._look_up = look_up
        self._open: dict[int, PartitionStore] = {}
        self._terms: dict[int, int] = {}
        self.n_recovered = 0
        self.n_stale = 0
        self.n_rebuilt = 0

    def partition(self, number: int) -> PartitionStore:
        """Return the store of an assigned partition."""
        return self._open[number]

    def open_partitions(self) -> list[PartitionStore]:
        """Return the stores of all assigned partitions."""
        return list(self._open.values())

    async def assign(self, numbers: set[int]) -> None:
        """Close what left, open what came, and begin anew where the changelog is another one."""
        loop = asyncio.get_running_loop()
        for number in self._open.keys() - numbers:
            await loop.run_in_executor(None, self._open.pop(number).close)
        for store in self._open.values():
            store.forget_announced()
        found = await self._look_up(numbers)
        for number in sorted(numbers):
            if number not in self._open:
                path = partition_folder(self._folder, number)
                self._open[number] = PartitionStore(path, self._blocks, self._values_bytes)
            self.n_rebuilt += self._open[number].follow(*found[number])

    def recover(self, number: int, batch: Fetched) -> None:
        """Apply records of the changelog to an assigned partition."""
        if store := self._open.get(number):
            self.n_stale += store.recover(
                batch.offsets, cast("list[bytes]", batch.keys), batch.values
            )
            self.n_recovered += len(batch.offsets)

    def outweighed(self) -> dict[int, list[bytes]]:
        """Return, by partition, the keys whose last changelog record lost at recovery."""
        return {n: sorted(store.outweighed) for n, store in self._open.items() if store.outweighed}

    def begin_term(self, generation: int) -> None:
        """Fix the term under which each recovered partition is written from now on."""
        self._terms = {
            number: term_of(generation, store.term) for number, store in self._open.items()
        }

    def term(self, number: int) -> int:
        """Return the term under which a partition is written."""
        return self._terms[number]

    def n_bytes(self) -> int:
        """Return about how many bytes the open partitions hold; any thread may ask."""
        total = 0
        for store in self.open_partitions():
            with contextlib.suppress(DbClosedError):  # it has just left
                total += store.n_bytes()
        return total

    def close(self) -> None:
        """Close all partitions."""
        while self._open:
            self._open.popitem()[1].close()
