"""The Kafka transport of the worker: Faust's, but one message is a whole batch of a partition.

Everything here overrides internals of faust-streaming 0.15.3 and aiokafka 0.14.0, which are
pinned for that reason; a test asserts that each overridden name exists there.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from numpy.typing import NDArray

from stream.worker.progress import Progress

IDLE_S = 0.05
BUSY_POLL_S = 0.01
LAST_COMMIT_S = 5.0


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
    ) -> dict[TP, Fetched]:
        found = await super()._fetch_records(consumer, active_partitions, timeout, max_records)
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


class Consumer(driver.Consumer):
    """Faust's consumer with batches as messages and commits of its own."""

    _thread: BatchThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.progress = Progress()
        self.n_gaps = 0
        self._expected: dict[TP, int] = {}
        self._slot_freed = asyncio.Event()

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    def holds(self, message: Message) -> bool:
        """Tell whether the generation of a message is still the one that the broker knows."""
        generation = message.generation_id
        return bool(
            generation == self.app.consumer_generation_id == self._thread.generation()
            and message.tp in self.assignment()
        )

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        batches, _ = await self._wait_next_records(timeout)
        for tp, batch in (batches or {}).items():
            if not self.flow_active or batch.generation != self.app.consumer_generation_id:
                await self._thread.give_back(tp, batch)
                continue
            base = int(batch.offsets[0])
            if not self._is_changelog_tp(tp):
                self.n_gaps += base > self._expected.get(tp, base)
                self._expected[tp] = batch.end
                self.progress.hand_over(tp, base, batch.end)
            yield tp, self._batch_message(tp, batch)

    def _batch_message(self, tp: TP, batch: Fetched) -> Message:
        # Recovery measures by a message's offset how far it has come: there it is the last one.
        offset = batch.offsets[-1] if self._is_changelog_tp(tp) else batch.offsets[0]
        stamp_s = float(batch.timestamps_ms[0]) / 1000
        return ConsumerMessage(
            tp.topic, tp.partition, int(offset), stamp_s, 0, [], None, batch, None, 0, 0, tp,
            generation_id=batch.generation,
        )  # fmt: skip

    async def _wait_next_records(
        self, timeout: float
    ) -> tuple[dict[TP, Fetched] | None, set[TP] | None]:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        chosen, limited = self._fetchable()
        if chosen:
            timeout = BUSY_POLL_S if limited else timeout
            return await self._getmany(active_partitions=chosen, timeout=timeout), chosen
        self._slot_freed.clear()
        try:
            await asyncio.wait_for(self._slot_freed.wait(), IDLE_S)
        except asyncio.TimeoutError:
            pass
        return None, None

    def _fetchable(self) -> tuple[set[TP], bool]:
        """Choose what to fetch from; also tell whether something waits for a free slot."""
        active = self._get_active_partitions()
        if self.app.rebalancing or self.app.in_recovery:
            return {tp for tp in active if self._is_changelog_tp(tp)}, False
        sources = {tp for tp in active if not self._is_changelog_tp(tp)}
        limit = self.app.settings.batches_in_flight
        chosen = {tp for tp in sources if self.progress.n_waiting(tp) < limit}
        return chosen, len(chosen) < len(sources)

    async def perform_seek(self) -> None:
        """Continue every source partition from its committed offset."""
        sources = {tp for tp in self.assignment() if not self._is_changelog_tp(tp)}
        self.progress.forget(sources)
        self._read_offset.clear()
        self._expected = await self._thread.rewind(sources)

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: batches in flight are counted instead."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Do nothing: batches in flight are counted instead."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: a batch covers all offsets from its first to the next one's first."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: the watchdog looks after a worker that makes no progress."""

    def ack(self, message: Message) -> bool:
        message.acked = True
        self._unacked_messages.discard(message)
        self._slot_freed.set()
        return self.progress.finish(message.tp, message.offset)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter(self.progress.committable())

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        return self.progress.committable(tps)

    async def _commit_offsets(
        self, offsets: Mapping[TP, int], start_new_transaction: bool = True
    ) -> bool:
        assigned = self.assignment()
        points = {tp: offset for tp, offset in offsets.items() if tp in assigned}
        if not points or not await self._thread.commit(points):
            return False
        self.progress.commit(points)
        return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)  # stops the flow, then calls wait_empty
        self.progress.forget(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self.progress.forget(assigned)
        # Left set by the recovery before, it would end the coming one at once.
        self.app.tables.recovery.signal_recovery_end.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    async def wait_empty(self) -> None:
        """Let the running batches finish, then commit; give up on the process after a while."""
        await self.app.lanes.drain(self.app.settings.stop_timeout_s)
        try:
            await asyncio.wait_for(self.commit_and_end_transactions(), LAST_COMMIT_S)
        except asyncio.TimeoutError:
            self.log.warning("The broker took no commit; a part of the batches will be repeated")


class Transport(driver.Transport):
    """Transport of URLs ``riskstream://host:port``, found by Faust through its entry point."""

    Consumer = Consumer
