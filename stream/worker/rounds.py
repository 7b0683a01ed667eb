"""Batches in rounds: what waits when the processor's thread is free is worked on together."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from typing import Any, Final

from faust.types import TP

from stream.worker.batch import Batches, Plan
from stream.worker.processor import LABELS, SOURCES, RecordBatch
from stream.worker.producer import Producer
from stream.worker.waiting import Arrived, Waiting

IN_FLIGHT: Final = 3
"""Computed rounds that are not acknowledged yet, beyond which none is computed."""


class Rounds:
    """Works on batches, those of one partition number in the order in which they were polled.

    A round takes the waiting batches of one partition after the other. Its steps, of which none
    begins before the one before it is done: compute, produce outputs, produce links, produce the
    changelog, write the stores, acknowledge. While a round is acknowledged, the next is computed on
    the states that it leaves behind, and its outputs are produced behind those of the round before.
    Its links wait until the broker has those of that round: a reader of the links topic takes a
    record to mean that all before it have come. Its changelog waits until that round is done. So
    rounds are small when little comes, and large when much does.
    ``taken`` is called when batches have left the queue.
    """

    def __init__(
        self,
        batches: Batches,
        producer: Producer,
        compute: Executor,
        holds: Callable[[Sequence[Any]], bool],
        acknowledge: Callable[[Sequence[Any], Plan, float], None],
        fail: Callable[[str, BaseException | None], None],
        taken: Callable[[], None] = lambda: None,
        topic_prefix: str = "",
    ) -> None:
        self._topic_prefix = topic_prefix
        self._batches, self._producer, self._compute = batches, producer, compute
        self._holds, self._acknowledge, self._fail = holds, acknowledge, fail
        self._taken = taken
        self._waiting = Waiting(lambda message: self._source(message) == LABELS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._newest: _Publishing | None = None
        self._n_publishing = 0
        self._computing = self._open = self._lost = False

    def open(self) -> None:
        """Take batches: the partitions are read from their committed offsets on.

        Until then none is taken after one was left undone: a later batch of a partition would
        mark the records of the earlier one as applied.
        """
        self._open, self._lost = True, False

    def begin(self, message: Any) -> None:
        """Take a batch that an agent received, or leave it where partitions are moving."""
        if self._open:
            self._waiting.put(message)
            self._go_on()

    def n_queued(self, tp: TP) -> int:
        """Return how many records of a topic partition wait to be computed."""
        return self._waiting.n_queued(tp)

    async def drain(self, timeout_s: float) -> None:
        """Forget what waits and finish what has begun; after ``timeout_s`` seconds, fail."""
        self._close()
        deadline = time.monotonic() + timeout_s
        while self._tasks:
            left_s = max(0.0, deadline - time.monotonic())
            if not (await asyncio.wait(self._tasks, timeout=left_s))[0]:
                self._fail(f"a batch was still running after {timeout_s:g} s of waiting", None)
                return

    def _go_on(self) -> None:
        if self._computing or self._n_publishing >= IN_FLIGHT or not self._waiting:
            return
        chosen = self._waiting.choose()
        self._computing = True
        self._start(self._compute_round(chosen), chosen)
        self._taken()

    def _start(
        self, step: Coroutine[Any, Any, None], chosen: Sequence[Arrived]
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._guarded(step, chosen))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, step: Coroutine[Any, Any, None], chosen: Sequence[Arrived]) -> None:
        try:
            await step
        except BaseException as error:
            self._abandon()
            if not isinstance(error, asyncio.CancelledError):
                self._fail(f"a batch of {_places(chosen)} failed: {error}", error)

    async def _compute_round(self, chosen: Sequence[Arrived]) -> None:
        if self._all_held(chosen):
            batches = [self._batch(message) for message, _ in chosen]
            loop = asyncio.get_running_loop()
            plan = await loop.run_in_executor(self._compute, self._batches.plan, batches)
            self._n_publishing += 1
            mine = _Publishing()
            mine.done = self._start(self._publish(chosen, plan, mine, self._newest), chosen)
            self._newest = mine
        self._computing = False
        self._go_on()

    async def _publish(
        self,
        chosen: Sequence[Arrived],
        plan: Plan,
        mine: "_Publishing",
        before: "_Publishing | None",
    ) -> None:
        try:
            if before is not None:
                await before.queued.wait()
            held = self._all_held(chosen)
            futures = await self._producer.hand_over(plan.outputs) if held else []
        finally:
            mine.queued.set()
        try:
            await self._producer.acknowledged(plan.outputs if held else [], futures)
            if before is not None:
                await before.linked.wait()
            held = held and self._all_held(chosen)
            if held:
                await self._producer.send_in_turn(plan.links)
        finally:
            mine.linked.set()
        if before is not None and before.done is not None:
            await asyncio.wait({before.done})
        if held and self._all_held(chosen):
            sent = await self._producer.send(plan.changelog)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._compute, self._batches.store, plan, sent)
        if held and self._all_held(chosen):
            messages = [message for message, _ in chosen]
            first = min(arrived for _, arrived in chosen)
            self._acknowledge(messages, plan, time.monotonic() - first)
        self._n_publishing -= 1
        self._go_on()

    def _all_held(self, chosen: Sequence[Arrived]) -> bool:
        """Tell whether the partitions are still ours; else whoever holds them reads all again."""
        if not self._lost and self._holds([message for message, _ in chosen]):
            return True
        self._abandon()
        return False

    def _abandon(self) -> None:
        """Do nothing more with what has begun either: a round before it was left undone."""
        self._lost = True
        self._close()

    def _close(self) -> None:
        self._open = False
        self._waiting.clear()

    def _batch(self, message: Any) -> RecordBatch:
        fetched = message.value
        source = self._source(message)
        return RecordBatch(
            SOURCES[source], source, message.partition,
            fetched.offsets, fetched.timestamps_ms, fetched.keys, fetched.values,
        )  # fmt: skip

    def _source(self, message: Any) -> int:
        return SOURCES.index(message.topic.removeprefix(self._topic_prefix))


def _places(chosen: Sequence[Arrived]) -> str:
    """Return where the records of batches stand, by topic partition."""
    offsets: dict[TP, tuple[int, int]] = {}
    for message, _ in chosen:  # those of one stand in their order
        first, _ = offsets.get(message.tp, (int(message.value.offsets[0]), 0))
        offsets[message.tp] = first, int(message.value.offsets[-1])
    return ", ".join(
        f"{topic}, partition {number}, offsets {first} to {last}"
        for (topic, number), (first, last) in sorted(offsets.items())
    )


class _Publishing:
    """A computed round: its outputs are ``queued``, its links at the broker; ``done`` is its task.

    Both are set as well when that has failed; nothing is held then any more.
    """

    def __init__(self) -> None:
        self.queued = asyncio.Event()
        self.linked = asyncio.Event()
        self.done: asyncio.Task[None] | None = None
