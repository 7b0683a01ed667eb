"""Faust's consumer thread, which polls, seeks and commits, made to hand over whole batches."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Fetched:
    """Records of one partition from one poll, as columns, with the generation that held it.

    ``end`` is the offset that the next poll will begin with, ``highwater`` the partition's end.
    """

    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    keys: list[bytes | None]
    values: list[bytes | None]
    end: int
    generation: int
    highwater: int


class BatchThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, handing over columns instead of one object per record."""

    app: Any

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self.app.settings.fetch_wait_ms  # Faust fixes 1,500 ms
        return consumer

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        """Return ``{TP: Fetched}``."""
        found = await self._drain(consumer, active_partitions, max_records)
        if not found and timeout:
            waiter = consumer._fetcher._create_fetch_waiter()
            await asyncio.wait([waiter], timeout=timeout)
            if waiter.done():
                waiter.result()
            waiter.cancel()
            found = await self._drain(consumer, active_partitions, max_records)
        # Nothing was awaited since the records left the buffer, so this is their generation.
        generation = consumer._coordinator.generation
        batches = {}
        for tp, records in found.items():
            state = consumer._subscription.subscription.assignment.state_value(tp)
            batches[TP(tp.topic, tp.partition)] = Fetched(
                np.array([record.offset for record in records], np.int64),
                np.array([record.timestamp for record in records], np.int64),
                [record.key for record in records],
                [record.value for record in records],
                state.position,
                generation,
                state.highwater or 0,
            )
        return batches

    async def _drain(
        self, consumer: AIOKafkaConsumer, active: set[TP], max_records: int | None
    ) -> Any:
        """Take what is in the buffer, without making an object of each record first."""
        for fetched in consumer._fetcher._records.values():
            if records := getattr(fetched, "_partition_records", None):
                records._consumer_record = as_it_is
        return await super()._fetch_records(consumer, active, 0, max_records)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit, or return False: whatever failed is tried again a second later."""
        points = {
            TopicPartition(*tp): OffsetAndMetadata(offset, "") for tp, offset in offsets.items()
        }
        try:
            await self._ensure_consumer().commit(points)
        except KafkaError as error:
            self.log.warning("Offsets were not committed, trying again: %r", error)
            return False
        return True

    async def rewind(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Seek to the committed offsets, or to the beginning, and return where that is."""
        found: dict[TP, int] = await self.call_thread(self._rewind, list(tps))
        return found

    async def _rewind(self, tps: list[TP]) -> dict[TP, int]:
        consumer = self._ensure_consumer()
        start = await consumer.beginning_offsets([TopicPartition(*tp) for tp in tps])
        points = {}
        for tp in tps:
            committed = await consumer.committed(TopicPartition(*tp))
            points[tp] = max(start[TopicPartition(*tp)], -1 if committed is None else committed)
            consumer.seek(TopicPartition(*tp), points[tp])
        return points

    async def give_back(self, tp: TP, batch: Fetched) -> None:
        """Seek to the start of a batch that is not processed, unless somebody has sought since."""
        await self.call_thread(self._give_back, tp, batch)

    async def _give_back(self, tp: TP, batch: Fetched) -> None:
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription else None
        if assignment is None or TopicPartition(*tp) not in assignment.tps:
            return
        state = assignment.state_value(TopicPartition(*tp))
        if state.has_valid_position and state.position == batch.end:
            state.reset_to(int(batch.offsets[0]))

    def generation(self) -> int:
        """Return the generation that the broker knows us by, -1 when it has dropped us."""
        return int(self._ensure_consumer()._coordinator.generation)


def as_it_is(tp: TopicPartition, record: Any) -> Any:
    """Return aiokafka's low-level record, which has all that is needed of its `ConsumerRecord`."""
    return record
