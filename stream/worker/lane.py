"""A lane per partition: the batches of all input topics, one after another, in five steps."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from faust.types import EventT

from stream.worker.batch import Batches, Plan
from stream.worker.processor import SOURCES, RecordBatch
from stream.worker.producer import Producer


class Lanes:
    """Runs batches; those of one partition number in the order in which they were polled.

    The steps of a batch, of which none begins before the one before it is done: compute, produce
    outputs, produce the changelog, write the store, acknowledge. Decoding runs ahead.
    """

    def __init__(
        self,
        batches: Batches,
        producer: Producer,
        compute: Executor,
        holds: Callable[[Any], bool],
        acknowledge: Callable[[Any, Plan], None],
        fail: Callable[[str, BaseException | None], None],
        topic_prefix: str = "",
    ) -> None:
        self._topic_prefix = topic_prefix
        self._batches, self._producer, self._compute = batches, producer, compute
        self._holds, self._acknowledge, self._fail = holds, acknowledge, fail
        self._locks: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._running: set[asyncio.Task[None]] = set()
        self._broken = False

    def begin(self, event: EventT) -> None:  # type: ignore[type-arg]
        """Start working on a batch that an agent received."""
        task = asyncio.get_running_loop().create_task(self._guarded(event.message))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def drain(self, timeout_s: float) -> None:
        """Wait until no batch is running; after ``timeout_s`` seconds, fail."""
        if self._running and (await asyncio.wait(self._running, timeout=timeout_s))[1]:
            self._broken = True
            self._fail(f"a batch was still running after {timeout_s:g} s of waiting for it", None)

    async def _guarded(self, message: Any) -> None:
        try:
            await self._process(message)
        except BaseException as error:
            # A later batch of the partition would mark this one's records as applied.
            self._broken = True
            if not isinstance(error, asyncio.CancelledError):
                self._fail(f"a batch of {message.tp} failed: {error}", error)

    async def _process(self, message: Any) -> None:
        loop = asyncio.get_running_loop()
        begin = time.monotonic()
        fetched = message.value
        topic = message.topic.removeprefix(self._topic_prefix)
        batch = RecordBatch(
            topic, SOURCES.index(topic), message.partition,
            fetched.offsets, fetched.timestamps_ms, fetched.keys, fetched.values,
        )  # fmt: skip
        prepared = await loop.run_in_executor(self._compute, self._batches.read, batch)
        async with self._locks[message.partition]:
            if self._broken or not self._holds(message):
                return  # whoever holds the partition now reads the batch again
            plan = await loop.run_in_executor(self._compute, self._batches.plan, batch, prepared)
            await self._producer.send(plan.outputs)
            if not self._holds(message):
                return
            sent = await self._producer.send(plan.changelog)
            await loop.run_in_executor(self._compute, self._batches.store, plan, sent)
            if self._holds(message):
                plan.seconds = time.monotonic() - begin
                self._acknowledge(message, plan)
