"""The links topic: one record per batch, read whole by every worker into a store of its own."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from itertools import chain
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from stream.worker.damage import DamagedStoreError
from stream.worker.linkerrors import LinkErrors
from stream.worker.linkload import Loading
from stream.worker.linkrecords import Unpacking
from stream.worker.linksink import LinkSink
from stream.worker.linkstore import LinkStore
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages

N_AT_ONCE = 500
POLL_S = 0.2
REST_S = 0.05
"""Between two looks when little comes: links count two seconds after their events, and to hand
over one record keeps the processor's thread from its batches about as long as to hand over 100."""

LAG_EVERY_S = 1.0


class StoppedError(Exception):
    """The worker has to end while an empty store is filled."""


class LinkReader:
    """A thread that hands the records of all partitions to the sink, in the topic's order.

    The sink is called through ``compute``, the processor's own thread, so that it needs no locks.
    ``fail`` is called with a sentence if reading has to end, ``on_read`` with the number of records
    handed over, ``on_lag`` every second with how many of the topic are not read. An empty store is
    filled at once with what is in the topic at the start, if that is ``load_from_bytes`` or more.
    """

    def __init__(
        self,
        brokers: str,
        topic: str,
        n_partitions: int,
        life: int,
        folder: Path,
        sink: LinkSink,
        compute: Executor,
        stages: Stages,
        fail: Callable[[str, BaseException | None], None],
        on_read: Callable[[int], None] = lambda n: None,
        on_lag: Callable[[int], None] = lambda n: None,
        *,
        load_from_bytes: int = WorkerSettings.load_from_bytes,
    ) -> None:
        self._topic, self._n_partitions, self._life = topic, n_partitions, life
        self._sink, self._compute, self._stages = sink, compute, stages
        self._fail, self._on_read, self._on_lag = fail, on_read, on_lag
        self._errors = LinkErrors(topic)
        self._reported: deque[KafkaError] = deque()  # of no partition; raising there is not safe
        self._lag_told_s = -LAG_EVERY_S
        self._store, self._load_from = LinkStore(folder), load_from_bytes
        self._loading = Loading(
            self._store, sink, self._unpacking(), self._end_if_stopping, on_read
        )
        self._consumer = Consumer(consumer_options(brokers) | {"error_cb": self._reported.append})
        self._stopping = threading.Event()
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="links", daemon=True)
        self._begins: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._ends: dict[int, int] = {}

    def start(self) -> None:
        """Open the store to the sink and begin to read; end the worker if it is damaged."""
        try:
            self._compute.submit(self._sink.open, self._store).result()
        except DamagedStoreError as error:
            self._fail(str(error), error)
        else:
            self._thread.start()

    def advance(self) -> tuple[int, int]:
        """Return how many of the records that were there at the start are read, and how many."""
        ends, begins, reached = dict(self._ends), dict(self._begins), dict(self._next)
        n_wanted = sum(max(0, end - begins[number]) for number, end in ends.items())
        n_left = sum(max(0, end - reached[number]) for number, end in ends.items())
        return n_wanted - n_left, n_wanted

    @property
    def sorting(self) -> bool:
        """Whether it has read what was there at the start, and takes time to store it."""
        return self._loading.is_sorting and not self.caught_up

    @property
    def caught_up(self) -> bool:
        """Whether everything that was in the topic at the start has been handed over."""
        return self._caught_up.is_set()

    def stop(self) -> None:
        """End the thread and close the store."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._consumer.close()
        self._store.close()

    def _run(self) -> None:
        self._stages.register("links")
        try:
            self._assign()
            if self._store.is_empty():
                self._read_first()
            while not self._stopping.is_set():
                if self._is_all_read():
                    self._caught_up.set()
                messages = self._take()
                if messages:
                    self._hand_over(messages)
                    if len(messages) < N_AT_ONCE and self._is_all_read():
                        self._stopping.wait(REST_S)
        except StoppedError:
            pass
        except Exception as error:
            self._fail(f"reading {self._topic} failed: {error}", error)

    def _read_first(self) -> None:
        """Fill an empty store with all that there is, at once if it is much."""
        held = self._loading.fill(self._until_the_ends(), self._load_from)
        self._compute.submit(self._sink.open, self._store).result()
        if held:
            self._hand_over(held)

    def _until_the_ends(self) -> Iterator[list[Any]]:
        while not self._is_all_read():
            yield self._take()
            self._end_if_stopping()

    def _end_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise StoppedError

    def _assign(self) -> None:
        wanted = []
        for number in range(self._n_partitions):
            begin, end = self._consumer.get_watermark_offsets(
                TopicPartition(self._topic, number), timeout=30
            )
            start = max(begin, self._store.position(number, self._life))
            self._begins[number] = self._next[number] = start
            self._ends[number] = end
            wanted.append(TopicPartition(self._topic, number, start or OFFSET_BEGINNING))
        self._consumer.assign(wanted)

    def _is_all_read(self) -> bool:
        return all(self._next[number] >= end for number, end in self._ends.items())

    def _take(self) -> list[Any]:
        """Return what has come, after waiting a little for the first."""
        first = self._consumer.poll(POLL_S)
        while self._reported:
            self._errors.heed(self._reported.popleft(), time.monotonic())
        messages: list[Any] = []
        if first is not None:
            messages = [first, *self._consumer.consume(N_AT_ONCE - 1, 0)]
        good = []
        for message in messages:
            if (error := message.error()) is None:
                good.append(message)
                self._next[message.partition()] = message.offset() + 1
            else:
                self._errors.heed(error, time.monotonic())
        self._tell_lag(time.monotonic())
        return good

    def _hand_over(self, messages: Sequence[Any]) -> None:
        self._compute.submit(self._apply, messages).result()
        self._on_read(len(messages))

    def _unpacking(self) -> Unpacking:
        return Unpacking(self._topic, self._life, self._store.applied)

    def _tell_lag(self, now_s: float) -> None:
        if now_s - self._lag_told_s < LAG_EVERY_S:
            return
        self._lag_told_s = now_s
        lag = 0
        for number, end in self._ends.items():
            tp = TopicPartition(self._topic, number)
            _, seen = self._consumer.get_watermark_offsets(tp, cached=True)  # -1001: none yet
            lag += max(0, max(end, seen) - self._next[number])
        self._on_lag(lag)

    def _apply(self, messages: Sequence[Any]) -> None:
        with self._stages.measure("links"):
            unpacking = self._unpacking()
            records = unpacking.records(messages)
            writes = self._sink.apply(records) if records else ()
            self._store.write(chain(writes, unpacking.marks()))


def consumer_options(brokers: str) -> dict[str, Any]:
    """Return the options of a consumer without a group that keeps its own positions."""
    return {
        "bootstrap.servers": brokers,
        "group.id": "unused",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 10,
        "fetch.min.bytes": 65_536,
        "fetch.wait.max.ms": 100,
        "queued.max.messages.kbytes": 16_384,
    }
