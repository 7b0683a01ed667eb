"""The links topic: one record per batch, read whole by every worker into a store of its own."""

import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import chain
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from stream.worker.damage import DamagedStoreError
from stream.worker.linkerrors import LinkErrors
from stream.worker.linkstore import APPLIED, POSITION, LinkStore
from stream.worker.processor import LinkRecord, LinkSink
from stream.worker.stages import Stages

LINKS_VERSION = 1
"""Of the header and of `stream.pipeline.links.LINK` behind it."""

LINKS_HEADER = struct.Struct("<BBHIqq")
"""Version, source, partition, life of the source topic, first and last source offset."""

N_AT_ONCE = 500
POLL_S = 0.2
REST_S = 0.05
"""Between two looks when little comes: links count two seconds after their events, and to hand
over one record keeps the processor's thread from its batches about as long as to hand over 100."""

LAG_EVERY_S = 1.0


class LinkReader:
    """A thread that hands the records of all partitions to the sink, in the topic's order.

    The sink is called through ``compute``, the processor's own thread, so that it needs no locks.
    ``fail`` is called with a sentence if reading has to end, ``on_read`` with the number of records
    handed over, ``on_lag`` every second with how many of the topic are not.
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
    ) -> None:
        self._topic, self._n_partitions, self._life = topic, n_partitions, life
        self._sink, self._compute, self._stages = sink, compute, stages
        self._fail, self._on_read, self._on_lag = fail, on_read, on_lag
        self._errors = LinkErrors(topic)
        self._reported: deque[KafkaError] = deque()  # of no partition; raising there is not safe
        self._lag_told_s = -LAG_EVERY_S
        self._store = LinkStore(folder)
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
            while not self._stopping.is_set():
                self._step()
                self._tell_lag(time.monotonic())
        except Exception as error:
            self._fail(f"reading {self._topic} failed: {error}", error)

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
        self._look_whether_caught_up()

    def _look_whether_caught_up(self) -> None:
        if all(self._next[number] >= end for number, end in self._ends.items()):
            self._caught_up.set()

    def _step(self) -> None:
        first = self._consumer.poll(POLL_S)
        while self._reported:
            self._errors.heed(self._reported.popleft(), time.monotonic())
        if first is None:
            return
        messages = [first, *self._consumer.consume(N_AT_ONCE - 1, 0)]
        good = []
        for message in messages:
            if (error := message.error()) is None:
                good.append(message)
            else:
                self._errors.heed(error, time.monotonic())
        if good:
            self._compute.submit(self._apply, good).result()
            self._on_read(len(good))
            if not self._caught_up.is_set():
                self._look_whether_caught_up()
        if len(messages) < N_AT_ONCE and self._caught_up.is_set():
            self._stopping.wait(REST_S)

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
            marks: dict[bytes, bytes] = {}
            newest: dict[tuple[int, int, int], int] = {}
            records: list[LinkRecord] = []
            for message in messages:
                partition, offset = message.partition(), message.offset()
                self._next[partition] = offset + 1
                marks[b"\xff\xffposition%d" % partition] = POSITION.pack(self._life, offset + 1)
                record = self._unpack(message, newest)
                if record is not None:
                    records.append(record)
            for (source, partition, life), last in newest.items():
                marks[b"\xff\xffapplied%d.%d" % (source, partition)] = APPLIED.pack(life, last)
            writes = self._sink.apply(records) if records else ()
            self._store.write(chain(writes, marks.items()))

    def _unpack(self, message: Any, newest: dict[tuple[int, int, int], int]) -> LinkRecord | None:
        """Return a record, or None if all its source offsets were handed over before."""
        raw = message.value()
        version, source, partition, life, _, last = LINKS_HEADER.unpack_from(raw)
        if version != LINKS_VERSION:
            raise ValueError(
                f"{self._topic}: partition {message.partition()}, offset {message.offset()} has "
                f"layout version {version}, this code reads {LINKS_VERSION}: run all workers of an "
                "application in one version, and a new one under a new application id"
            )
        where = (source, partition, life)
        if where not in newest:
            newest[where] = self._store.applied(*where)
        skip_to = newest[where]
        if last <= skip_to:
            return None
        newest[where] = last
        value = raw[LINKS_HEADER.size :]
        return LinkRecord(message.partition(), message.offset(), source, partition, skip_to, value)


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
