"""The Kafka transport of the worker: Faust's, but one message is a whole batch of a partition.

Everything here overrides internals of faust-streaming 0.15.3 and aiokafka 0.14.0, which are
pinned for that reason; a test asserts that each overridden name exists there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, cast

from aiokafka.errors import ConsumerStoppedError
from faust.tables.recovery import RebalanceAgain
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message

from stream.worker.fetched import Fetched
from stream.worker.processor import SOURCES
from stream.worker.progress import Progress
from stream.worker.thread import BatchThread

IDLE_S = 0.05
BUSY_POLL_S = 0.003
POLLS_IN_FLIGHT = 2
"""Full polls whose records may be unfinished: one that is worked on, and one behind it."""

LAST_COMMIT_S = 5.0


class Consumer(driver.Consumer):
    """Faust's consumer with batches as messages and commits of its own."""

    app: Any
    _thread: BatchThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.progress = Progress()
        self.n_gaps = 0
        self._expected: dict[TP, int] = {}
        self._slot_freed = asyncio.Event()

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    def holds(self, messages: Iterable[Message]) -> bool:
        """Tell whether the generation of messages is still the one that the broker knows."""
        known = self._thread.generation()
        if known != self.app.consumer_generation_id:
            return False
        assigned = self.assignment()
        return all(m.generation_id == known and m.tp in assigned for m in messages)

    async def _drain_messages(self, fetcher: Any) -> None:
        """Do what Faust's does, but without two tasks for each message while the flow is on."""
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                await self.sleep(0)
                async for tp, message in self.getmany(timeout=1.0):
                    if self.flow_active:
                        await self.callback(message)
                    else:
                        await self.wait_first(self.callback(message), self.suspend_flow.wait())
                    self._read_offset[tp] = message.offset
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.transport.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Yield one message for each partition that has something; its value is a batch."""
        batches, _ = await self._wait_next_records(timeout)
        self._end_lags()
        for tp, batch in (batches or {}).items():
            is_source = not self._is_changelog_tp(tp)
            held = batch.generation == self.app.consumer_generation_id
            if not self.flow_active or not held or (is_source and not self.app.settled()):
                await self._thread.give_back(tp, batch)
                continue
            base = int(batch.offsets[0])
            if is_source:
                expected = self._expected.get(tp, base)
                if base < expected:  # of a new life, and the states would skip them as applied
                    self.app.fail(
                        f"{tp.topic}, partition {tp.partition}, goes on at offset {base} where "
                        f"{expected} was next: the topic was deleted and made again; a restart "
                        "reads the new one from its beginning"
                    )
                    return
                self.n_gaps += base > expected
                self._expected[tp] = batch.end
                self.progress.hand_over(tp, base, batch.end)
            yield tp, self._batch_message(tp, batch)

    def _end_lags(self) -> None:
        """Forget lags of what has turned out to be no records, as of an aborted transaction."""
        for tp in self.app.lag.behind():
            if not self.progress.n_waiting(tp) and self._thread.is_at_end(tp):
                self.app.lag.note(tp, 0)

    def _batch_message(self, tp: TP, batch: Fetched) -> Message:
        # Recovery measures by a message's offset how far it has come: there it is the last one.
        offset = batch.offsets[-1] if self._is_changelog_tp(tp) else batch.offsets[0]
        stamp_s = float(batch.timestamps_ms[0]) / 1000
        return ConsumerMessage(
            tp.topic, tp.partition, int(offset), stamp_s, 0, [], None, cast(Any, batch), None, 0, 0,
            tp=tp, generation_id=batch.generation,
        )  # fmt: skip

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:
        """Return ``{TP: Fetched}`` from the partitions that have room for another batch."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        chosen, limited = self._fetchable()
        if chosen:
            timeout = BUSY_POLL_S if limited else timeout
            return await self._getmany(active_partitions=chosen, timeout=timeout), chosen
        self._slot_freed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._slot_freed.wait(), IDLE_S)
        return None, None

    def _fetchable(self) -> tuple[set[TP], bool]:
        """Choose what to fetch from; also tell whether something waits for a free slot."""
        active = self._get_active_partitions()
        if not self.app.settled():
            return {tp for tp in active if self._is_changelog_tp(tp)}, False
        sources = {tp for tp in active if not self._is_changelog_tp(tp)}
        if self.progress.n_offsets() >= POLLS_IN_FLIGHT * self.app.settings.poll_max_records:
            return set(), True  # more would only lie in memory
        limit = self.app.settings.batches_in_flight
        queued = self.app.rounds.n_queued
        chosen = {tp for tp in sources if self.progress.has_room(tp, limit, queued(tp))}
        return chosen, len(chosen) < len(sources)

    def wake(self) -> None:
        """Look again for what may be fetched: a batch has left the queue."""
        self._slot_freed.set()

    async def perform_seek(self) -> None:
        """Continue every source partition from its committed offset."""
        sources = {tp for tp in self.assignment() if not self._is_changelog_tp(tp)}
        self.progress.forget(sources)
        self._read_offset.clear()
        self._expected = await self._thread.rewind(sources)
        if self.app.tables.recovery.moved():  # their states are not recovered for the next time
            raise RebalanceAgain()
        self.app.rounds.open()

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: batches in flight are counted instead."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Do nothing: batches in flight are counted instead."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: a batch covers all offsets from its first to the next one's first."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: the watchdog looks after a worker that makes no progress."""

    def ack(self, message: Message) -> bool:
        """Note that a batch is in the store, so that it may be committed in its turn."""
        message.acked = True
        self._unacked_messages.discard(message)
        self.wake()
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
        """Finish what runs, commit it, and forget what was only fetched."""
        await super().on_partitions_revoked(revoked)  # stops the flow, then calls wait_empty
        self.progress.forget(revoked)
        self.app.lag.drop(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Start the recovery of the partitions of a new generation."""
        self.stop_flow()  # at the revoke Faust stops it only for a worker that had partitions
        self.progress.forget(assigned)
        # Left set by the recovery before, it would end the coming one at once.
        self.app.tables.recovery.signal_recovery_end.clear()
        await super().on_partitions_assigned(assigned, generation_id)
        # Made while a topic was missing; a static member gets the same one at its next start too.
        if absent := self._absent(assigned):
            self.log.warning("Asking the group again: it assigned nothing of %s", sorted(absent))
            await self._thread.rejoin()

    def _absent(self, assigned: set[TP]) -> set[str]:
        topics = {self.app.settings.topic_prefix + source for source in SOURCES}
        return topics - {tp.topic for tp in assigned} if assigned else set()

    async def wait_empty(self) -> None:
        """Let the running batches finish, then commit; give up on the process after a while."""
        await self.app.rounds.drain(self.app.settings.stop_timeout_s)
        try:
            await asyncio.wait_for(self.commit_and_end_transactions(), LAST_COMMIT_S)
        except TimeoutError:
            self.log.warning("The broker took no commit; a part of the batches will be repeated")


class Transport(driver.Transport):
    """Transport of URLs ``riskstream://host:port``, found by Faust through its entry point."""

    Consumer = Consumer
