"""What happens to one batch beside the event loop: read states, compute, build records, store."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.worker.deadletters import DeadLetters
from stream.worker.envelope import Headers, pack, unpack
from stream.worker.links import LINKS_HEADER, LINKS_VERSION
from stream.worker.partition import advanced
from stream.worker.processor import Outcome, Prepared, Processor, RecordBatch
from stream.worker.producer import Built, Producer
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from stream.worker.states import States


@dataclass(eq=False)
class Plan:
    """A computed batch: the records to produce and the values to store."""

    batch: RecordBatch
    outputs: Sequence[Built]
    changelog: Sequence[Built]
    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    outcome: Outcome
    reasons: Mapping[str, int]
    repeated: bool
    seconds: float = 0.0


class Batches:
    """The steps of a batch on the processor's thread.

    ``life(source, partition)`` is the life of an input topic, 0 where it is unknown.
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

    def read(self, batch: RecordBatch) -> Prepared:
        """Decode a batch."""
        with self._stages.measure("decode"):
            return self._processor.read(batch)

    def plan(self, batch: RecordBatch, prepared: Prepared) -> Plan:
        """Compute a batch against the states as they are, and build all its records."""
        now_ms = time.time_ns() // 1_000_000
        letters, reasons = self._dead_letters.encode(batch, prepared.bad, now_ms)
        with self._stages.measure("state read"):
            stored = self._states.partition(batch.partition).get_many(prepared.keys)
            headers, states = unpack(stored)
            applied = self._applied(headers, batch.source)
        begin = time.thread_time()
        outcome = self._processor.run(prepared, states, applied)
        parts = dict(outcome.stages)
        parts["compute"] = time.thread_time() - begin - sum(parts.values())
        self._stages.add(parts)
        with self._stages.measure("produce"):
            outputs = self._outputs(batch, outcome, letters, now_ms)
        with self._stages.measure("changelog"):
            keys = [prepared.keys[position] for position in outcome.changed.tolist()]
            values = pack(self._written(headers[outcome.changed], batch), outcome.states)
            changelog = self._producer.build(
                self._settings.changelog, batch.partition, keys, values, now_ms
            )
        repeated = bool(len(applied) and applied.max() >= batch.offsets[0])
        return Plan(batch, outputs, changelog, keys, values, outcome, reasons, repeated)

    def store(self, plan: Plan, sent: Sequence[tuple[int, int]]) -> None:
        """Write a batch whose changelog records were acknowledged at ``sent`` (offset, number)."""
        if not plan.keys:
            return
        with self._stages.measure("store write"):
            partition = plan.batch.partition
            store = self._states.partition(partition)
            position = advanced(store.position, sent)
            store.write(plan.keys, plan.values, position, self._states.term(partition))

    def _applied(self, headers: Headers, source: int) -> NDArray[np.int64]:
        if not self._settings.applied_guard:
            return np.full(len(headers), -1, np.int64)
        same_life = headers["epoch"][:, source] == self._life(source)
        return np.where(same_life, headers["applied"][:, source], -1)

    def _written(self, headers: Headers, batch: RecordBatch) -> Headers:
        headers["term"] = self._states.term(batch.partition)
        life, last = self._life(batch.source), int(batch.offsets[-1])
        before = np.where(
            headers["epoch"][:, batch.source] == life, headers["applied"][:, batch.source], -1
        )
        headers["epoch"][:, batch.source] = life
        headers["applied"][:, batch.source] = np.maximum(before, last)
        return headers

    def _outputs(
        self, batch: RecordBatch, outcome: Outcome, letters: Sequence[tuple[bytes | None, bytes]],
        now_ms: int,
    ) -> list[Built]:  # fmt: skip
        build, partition = self._producer.build_keyed, batch.partition
        n = self._settings.partitions
        built: list[Built] = []
        for out in outcome.outputs:
            built += build(out.topic, partition, out.keys, out.values, now_ms, n)
        if letters:
            keys, values = zip(*letters, strict=True)
            built += build("risk.deadletter", partition, keys, values, now_ms, n)
        if outcome.links is not None:
            header = LINKS_HEADER.pack(
                LINKS_VERSION, batch.source, batch.partition, self._life(batch.source),
                int(batch.offsets[0]), int(batch.offsets[-1]),
            )  # fmt: skip
            record = header + outcome.links
            built += self._producer.build(self._settings.links, partition, [None], [record], now_ms)
        return built
