"""Faust's consumer thread, which polls, seeks and commits, made to hand over whole batches."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchError, FetchResult
from aiokafka.errors import ConsumerStoppedError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from stream.worker.alignment import Alignment
from stream.worker.fetched import Fetched, at_end, readable_end, take
from stream.worker.membership import CHECK_EVERY_S, Membership
from stream.worker.processor import LABELS, SOURCES
from stream.worker.retention import Retention, resumed


class BatchThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, handing over columns instead of one object per record."""

    app: Any

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = self.app.settings.fetch_wait_ms  # Faust fixes 1,500 ms
        consumer._isolation_level = "read_committed"  # as whoever replays the topics reads them
        self._alignment = Alignment(self.app.settings.topic_prefix + SOURCES[LABELS])
        self._retention = Retention(self.app.count_skipped)
        return consumer

    async def on_start(self) -> None:
        """Connect, and begin to listen to what the group says."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        session_s = self.app.settings.session_timeout_s
        self._membership = Membership(coordinator, session_s, self.app.fail)

    @Service.task
    async def _check_membership(self) -> None:
        while not self.should_stop:
            self._membership.check()
            await self.sleep(CHECK_EVERY_S)

    async def on_thread_stop(self) -> None:
        """Close the consumer, and give up a rebalance that is under way.

        Such a rebalance may wait for a call of this thread. The calls are stopped first, and their
        cancellation would end the thread before it says so: the stop would wait for it for ever.
        """
        coordinator = self._consumer._coordinator if self._consumer else None
        if coordinator is not None:  # else it never reached the broker
            rebalancing = coordinator._coordination_task
            rebalancing.cancel()
            await asyncio.wait({rebalancing})
            if not rebalancing.cancelled() and (error := rebalancing.exception()) is not None:
                self.log.warning("The last rebalance failed: %r", error)
        await super().on_thread_stop()

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
                self._membership.check()  # it says better why a waiter was aborted
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
                readable_end(state),
            )
        return batches

    async def _drain(
        self, consumer: AIOKafkaConsumer, active: set[TP], max_records: int | None
    ) -> dict[TP, list[Any]]:
        """Do what aiokafka's ``fetched_records`` does, but without work for each record."""
        fetcher = consumer._fetcher
        if not self.consumer.flow_active:
            return {}
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError()
        if fetcher._subscriptions.reassignment_in_progress:
            await fetcher._subscriptions.wait_for_assignment()
        self._alignment.spare(lambda place: place in fetcher._records or place not in active)
        drained: dict[TP, list[Any]] = {}
        room = max_records or sys.maxsize
        with fetcher._subscriptions.fetch_context():
            for tp in list(fetcher._records):
                if tp not in active:
                    if not fetcher._subscriptions.is_assigned(tp):
                        del fetcher._records[tp]
                    continue
                fetched = fetcher._records[tp]
                if isinstance(fetched, FetchError) and drained:
                    break  # raised by the next call
                records = self._taken(fetched, room) if isinstance(fetched, FetchResult) else []
                if isinstance(fetched, FetchError) or not fetched.has_more():
                    del fetcher._records[tp]
                    fetcher._notify(fetcher._wait_consume_future)
                if isinstance(fetched, FetchError):
                    fetched.check_raise()
                if records:
                    drained[tp] = records
                    room -= len(records)
                if room == 0:
                    break
        return drained

    def _taken(self, fetched: FetchResult, room: int) -> list[Any]:
        """Take the records of a changelog as they come, those of a source when it is their turn."""
        place = TP(*fetched._topic_partition)
        if self.consumer._is_changelog_tp(place):
            return take(fetched, room)
        state = fetched._assignment.state_value(fetched._topic_partition)
        is_ours = fetched._assignment.active and state.has_valid_position
        if is_ours:
            self._retention.check(place, state.position)
        records = take(fetched, room, lambda next_ms: self._alignment.until(place, next_ms))
        if is_ours:
            self._retention.read_to(place, state.position)
        if not records and fetched.has_more():
            self._alignment.hold(place)
        elif is_ours:
            more = state.position < readable_end(state)
            newest_ms = records[-1].timestamp if records else None
            self._alignment.note(place, newest_ms, has_more=more)
        return records

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit, or return False: whatever failed is tried again a second later."""
        points = {  # with the life of the topic, see `resumed`
            TopicPartition(*tp): OffsetAndMetadata(offset, str(self.app.life_of(tp.topic)))
            for tp, offset in offsets.items()
        }
        try:
            await self._ensure_consumer().commit(points)
        except KafkaError as error:
            self.log.warning("Offsets were not committed, trying again: %r", error)
            self.app.metrics.commits_failed.inc()
            return False
        return True

    async def rewind(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Seek to the committed offsets, or to the beginning, and return where that is."""
        found: dict[TP, int] = await self.call_thread(self._rewind, list(tps))
        return found

    async def _rewind(self, tps: list[TP]) -> dict[TP, int]:
        consumer = self._ensure_consumer()
        self._alignment.forget()
        wanted = [TopicPartition(*tp) for tp in tps]
        starts = await consumer.beginning_offsets(wanted)
        committed = await consumer._coordinator.fetch_committed_offsets(wanted)
        known, points = {}, {}
        for tp, place in zip(tps, wanted, strict=True):
            known[tp] = resumed(committed.get(place), self.app.life_of(tp.topic))
            points[tp] = max(starts[place], known[tp])
            consumer.seek(place, points[tp])
        self._retention.resume(known, points)
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
            self._ensure_consumer().seek(TopicPartition(*tp), int(batch.offsets[0]))

    async def rejoin(self) -> None:
        """Ask the group for another assignment."""
        await self.call_thread(self._rejoin)

    async def _rejoin(self) -> None:
        self._ensure_consumer()._coordinator.request_rejoin()

    def is_at_end(self, tp: TP) -> bool:
        """Tell whether all that a partition may give has been read; any thread may ask."""
        subscription = self._ensure_consumer()._subscription.subscription
        return subscription is not None and at_end(subscription.assignment, TopicPartition(*tp))

    def generation(self) -> int:
        """Return the generation that the broker knows us by, -1 when it has dropped us."""
        return int(self._ensure_consumer()._coordinator.generation)
