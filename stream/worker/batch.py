"""What happens to batches beside the event loop: read states, compute, build records, store."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stream.worker.deadletters import DeadLetters
from stream.worker.envelope import Headers, pack, unpack
from stream.worker.linkrecords import packed
from stream.worker.partition import advanced
from stream.worker.processor import (
    SOURCES,
    Again,
    Outcome,
    Outgoing,
    Prepared,
    Processor,
    RecordBatch,
    by_partition,
)
from stream.worker.producer import Built, Producer
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from stream.worker.states import States


@dataclass(frozen=True, eq=False)
class Changed:
    """The new values of one partition, and their changelog records."""

    partition: int
    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    changelog: Sequence[Built]


@dataclass(frozen=True, eq=False)
class Plan:
    """Computed batches: the records to produce and the values to store.

    ``batches`` have let go of their records. ``links`` are for the links topic, ``outputs`` for all
    others but the changelog. ``repeated`` says of each whether some of it had been
    applied before; ``counts`` and ``again`` are those of the `Outcome`.
    """

    batches: Sequence[RecordBatch]
    outputs: Sequence[Built]
    links: Sequence[Built]
    changed: Sequence[Changed]
    reasons: Mapping[str, int]
    repeated: Sequence[bool]
    counts: Mapping[str, int]
    again: Again | None

    @property
    def changelog(self) -> list[Built]:
        """The changelog records of all partitions."""
        return [built for part in self.changed for built in part.changelog]


class Batches:
    """The steps of some batches on the processor's thread.

    ``life(source)`` is the life of an input topic, 0 where it is unknown.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        processor: Processor,
        states: States,
        producer: Producer,
        stages: Stages,
        life: Callable[[int], int],
    ) -> None:
        self._settings, self._processor, self._states = settings, processor, states
        self._producer, self._stages, self._life = producer, stages, life
        self._dead_letters = DeadLetters(settings.dead_letter_limit)

    def plan(self, batches: Sequence[RecordBatch]) -> Plan:
        """Compute batches against the states as they are, and build all their records.

        They are of events or of labels; those of one topic partition stand in their order. The
        states' stores answer with the new values from then on. A plan waits for its records to be
        acknowledged and for the rounds before it: what was read and what became of it are let go
        of as soon as the next step has its own copy.
        """
        now_ms = time.time_ns() // 1_000_000
        with self._stages.measure("decode"):
            prepared = self._processor.read(batches)
        letters: list[Outgoing] = []
        reasons: Counter[str] = Counter()
        for batch, bad in zip(batches, prepared.bad, strict=True):
            if bad:
                letter, why = self._dead_letters.encode(batch, bad, now_ms)
                letters.append(letter)
                reasons += why
        with self._stages.measure("state read"):
            headers, states = unpack(self._stored(prepared))
            lives = np.array([self._life(source) for source in range(len(SOURCES))])
            applied = self._applied(headers, lives)
        begin = time.thread_time()
        outcome = self._processor.run(prepared, states, applied)
        parts = dict(outcome.stages)
        parts["compute"] = time.thread_time() - begin - sum(parts.values())
        self._stages.add(parts)
        with self._stages.measure("produce"):
            outputs = self._outputs(outcome, letters, now_ms)
            links = self._links(batches, outcome, now_ms)
            outcome = replace(outcome, outputs=(), links=())
            for batch in batches:
                batch.let_go()
        with self._stages.measure("changelog"):
            partitions = prepared.partitions[outcome.changed]
            fresh = self._written(headers[outcome.changed], partitions, batches, lives)
            values = pack(fresh, outcome.states)
            keys = [prepared.keys[position] for position in outcome.changed.tolist()]
            changed = list(self._changed(partitions, keys, values, now_ms))
        repeated = [
            bool(applied[prepared.partitions == b.partition, b.source].max(initial=-1)
                 >= b.offsets[0])
            for b in batches
        ]  # fmt: skip
        return Plan(
            batches, outputs, links, changed, reasons, repeated, outcome.counts, outcome.again
        )

    def store(self, plan: Plan, sent: Sequence[tuple[int, int]]) -> None:
        """Write what the changelog records, acknowledged at ``sent`` (offset, number), hold."""
        with self._stages.measure("store write"):
            begin = 0
            for part in plan.changed:
                store = self._states.partition(part.partition)
                end = begin + len(part.changelog)
                position = advanced(store.position, sent[begin:end])
                store.write(part.keys, part.values, position, self._states.term(part.partition))
                begin = end

    def _stored(self, prepared: Prepared) -> list[bytes | None]:
        found: list[bytes | None] = [None] * len(prepared.keys)
        for number, at in by_partition(prepared.partitions):
            values = self._states.partition(number).get_many([prepared.keys[i] for i in at])
            for i, value in zip(at, values, strict=True):
                found[i] = value
        return found

    def _applied(self, headers: Headers, lives: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._settings.applied_guard:
            return np.full((len(headers), len(SOURCES)), -1, np.int64)
        return reached(headers, lives)

    def _written(
        self,
        headers: Headers,
        partitions: NDArray[np.int64],
        batches: Sequence[RecordBatch],
        lives: NDArray[np.int64],
    ) -> Headers:
        """Return the headers of changed states: of these batches they have applied everything."""
        numbers, place = np.unique(partitions, return_inverse=True)
        last = np.full((len(numbers), len(SOURCES)), -1, np.int64)
        for batch in batches:
            row = np.flatnonzero(numbers == batch.partition)
            last[row, batch.source] = np.maximum(last[row, batch.source], batch.offsets[-1])
        now = last[place]
        touched = now >= 0
        headers["term"] = np.array([self._states.term(n) for n in numbers.tolist()])[place]
        applied = np.maximum(reached(headers, lives), now)
        headers["epoch"] = np.where(touched, lives, headers["epoch"])
        headers["applied"] = np.where(touched, applied, headers["applied"])
        return headers

    def _changed(
        self,
        partitions: NDArray[np.int64],
        keys: Sequence[bytes],
        values: Sequence[bytes | None],
        now_ms: int,
    ) -> Iterator[Changed]:
        for number, at in by_partition(partitions):
            own, new = [keys[i] for i in at], [values[i] for i in at]
            self._states.partition(number).announce(own, new)
            built = self._producer.build(self._settings.changelog, number, own, new, now_ms)
            yield Changed(number, own, new, built)

    def _outputs(self, outcome: Outcome, letters: Sequence[Outgoing], now_ms: int) -> list[Built]:
        n = self._settings.partitions
        built: list[Built] = []
        for out in (*outcome.outputs, *letters):
            built += self._producer.build_keyed(
                out.topic, out.partitions, out.keys, out.values, now_ms, n
            )
        return built

    def _links(self, batches: Sequence[RecordBatch], outcome: Outcome, now_ms: int) -> list[Built]:
        records: list[bytes | None] = []
        numbers: list[int] = []
        for batch, links in zip(batches, outcome.links, strict=True):
            if links is not None:
                life = self._life(batch.source)
                records.append(packed(batch.source, batch.partition, life, batch.offsets, links))
                numbers.append(batch.partition)
        places = np.array(numbers, np.int64)
        topic, keys = self._settings.links, [None] * len(records)
        return self._producer.build_spread(topic, places, keys, records, now_ms)


def reached(headers: Headers, lives: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what states have applied of topics with these lives, int64[n, n_sources]; -1: none."""
    return np.where(headers["epoch"] == lives, headers["applied"], -1)
