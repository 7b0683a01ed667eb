"""Producing in whole batches: built beside the event loop, sent and acknowledged on it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from numpy.typing import NDArray

from stream.worker.processor import by_partition
from topics.errors import InputError

BATCH_BYTES = 900_000
"""Below the broker's default limit of a batch, 1,048,588 bytes, with room for its header."""


@dataclass(frozen=True, eq=False)
class Built:
    """A filled record batch for one partition of a topic."""

    topic: str
    partition: int
    builder: BatchBuilder

    def __len__(self) -> int:
        return int(self.builder.record_count())

    def let_go(self) -> None:
        """Forget the records, which the broker has, but not how many they were."""
        self.builder._buffer = None


class Producer:
    """Sends `Built` batches with ``acks=all``; made within the running event loop."""

    def __init__(self, brokers: str, timeout_s: float, prefix: str = "") -> None:
        self._prefix = prefix
        self._producer = AIOKafkaProducer(
            bootstrap_servers=brokers.split(","),
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=BATCH_BYTES,
            request_timeout_ms=int(timeout_s * 1000),
        )
        self._partitions: dict[str, int] = {}

    async def start(self, topics: Iterable[str]) -> None:
        """Connect, and learn how many partitions the topics have that will be written."""
        await self._producer.start()
        for topic in topics:
            self._partitions[topic] = len(await self._producer.partitions_for(topic))

    async def stop(self) -> None:
        """Disconnect; what was not acknowledged may or may not arrive."""
        await self._producer.stop()

    def build(
        self, topic: str, partition: int, keys: Sequence[bytes | None],
        values: Sequence[bytes | None], now_ms: int,
    ) -> list[Built]:  # fmt: skip
        """Fill batches for one partition with records in their order. Any thread may call this."""
        built: list[Built] = []
        append = None
        n = 0
        for key, value in zip(keys, values, strict=True):
            if append is None or append(n, now_ms, key, value, []) is None:
                if built:
                    built[-1].builder._relative_offset = n
                builder = self._producer.create_batch()
                append, n = builder._builder.append, 0  # past the wrapper: it costs as much again
                built.append(Built(topic, partition, builder))
                append(n, now_ms, key, value, [])
            n += 1
        if built:
            built[-1].builder._relative_offset = n
        return built

    def build_spread(
        self, topic: str, partitions: NDArray[np.int64], keys: Sequence[bytes | None],
        values: Sequence[bytes | None], now_ms: int,
    ) -> list[Built]:  # fmt: skip
        """Fill batches with records, each for its own partition, where they keep their order."""
        built: list[Built] = []
        for number, at in by_partition(partitions):
            some, theirs = keys, values
            if len(at) < len(keys):
                some, theirs = [keys[i] for i in at], [values[i] for i in at]
            built += self.build(topic, number, some, theirs, now_ms)
        return built

    def build_keyed(
        self, topic: str, partitions: NDArray[np.int64], keys: Sequence[bytes | None],
        values: Sequence[bytes | None], now_ms: int, n_source: int,
    ) -> list[Built]:  # fmt: skip
        """Fill batches of an output topic, named without the prefix of the deployment.

        With as many partitions as the source (``n_source``) a record goes to the one it came from,
        where its key belongs; with another number the key decides, by murmur2.
        """
        topic = self._prefix + topic
        n_partitions = self._partitions.get(topic)
        if n_partitions is None:
            raise InputError(f"topic {topic} is written but was not declared when the worker began")
        if n_partitions != n_source:
            pairs = zip(keys, partitions.tolist(), strict=True)
            hashed = [own if key is None else murmur2(key) & 0x7FFFFFFF for key, own in pairs]
            partitions = np.array(hashed, np.int64) % n_partitions
        return self.build_spread(topic, partitions, keys, values, now_ms)

    async def send(self, batches: Sequence[Built]) -> list[tuple[int, int]]:
        """Send batches, in order within a partition, and wait until the broker has them all.

        Returns (first offset, number of records) of each batch. Raises KafkaError if one failed.
        """
        return await self.acknowledged(batches, await self.hand_over(batches))

    async def send_in_turn(self, batches: Sequence[Built]) -> None:
        """Send batches, each when the broker has those before it of its partition.

        So none of them is in a topic without those before it, as may happen where many are under
        way: one fails for good, and the next gets through. Raises KafkaError if one failed.
        """
        left = list(batches)
        while left:
            firsts = {(batch.topic, batch.partition): batch for batch in reversed(left)}
            turn = [batch for batch in left if firsts[batch.topic, batch.partition] is batch]
            await self.send(turn)
            left = [batch for batch in left if firsts[batch.topic, batch.partition] is not batch]

    async def hand_over(self, batches: Sequence[Built]) -> list[asyncio.Future[Any]]:
        """Queue batches behind what was queued before; return what `acknowledged` waits for."""
        return [
            await self._producer.send_batch(batch.builder, batch.topic, partition=batch.partition)
            for batch in batches
        ]

    async def acknowledged(
        self, batches: Sequence[Built], futures: Sequence[asyncio.Future[Any]]
    ) -> list[tuple[int, int]]:
        """Wait until the broker has all batches; see `send`."""
        # Wait for all before raising, so that nothing is under way when the caller gives up.
        done: list[Any] = await asyncio.gather(*futures, return_exceptions=True)
        for result in done:
            if isinstance(result, BaseException):
                raise result
        for batch in batches:
            batch.let_go()
        return [(result.offset, len(batch)) for result, batch in zip(done, batches, strict=True)]
