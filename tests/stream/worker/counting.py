"""A small real processor: counts each user's events by topic, one output for every event.

A record is ``<id>|<anything>``, keyed by user; the id ``!`` stands for a bad record. A state is
one little-endian int64 count per source and one sum of the ids, then padding. The output of an
event is ``<topic>|<id>|<counts of all sources after it>``.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.worker.linksink import LinkRecord
from stream.worker.processor import SOURCES, Outcome, Outgoing, RecordBatch
from topics.deadletter import Bad

STATE = struct.Struct("<5q")
OUTPUT = "risk.decisions"


@dataclass
class Read:
    """``records`` are (batch number, position, id, slot of its key) of the good ones."""

    batches: Sequence[RecordBatch]
    keys: list[bytes]
    partitions: NDArray[np.int64]
    bad: list[list[Bad]]
    records: list[tuple[int, int, int, int]]


class Counting:
    def __init__(self, state_bytes: int = 40, links: bool = False) -> None:
        self._padding = b"\0" * (state_bytes - STATE.size)
        self._links = links

    def read(self, batches: Sequence[RecordBatch]) -> Read:
        slots: dict[tuple[int, bytes], int] = {}
        bad: list[list[Bad]] = [[] for _ in batches]
        records = []
        for number, batch in enumerate(batches):
            for position, (key, value) in enumerate(zip(batch.keys, batch.values, strict=True)):
                assert key is not None
                assert value is not None
                text = value[: value.index(b"|")]
                if text == b"!":
                    bad[number].append(Bad(position, "not_json", "it says so itself"))
                    continue
                slot = slots.setdefault((batch.partition, key), len(slots))
                records.append((number, position, int(text), slot))
        partitions = np.array([partition for partition, _ in slots], np.int64)
        return Read(batches, [key for _, key in slots], partitions, bad, records)

    def run(
        self, prepared: Read, states: Sequence[bytes | None], applied: NDArray[np.int64]
    ) -> Outcome:
        counts = [list(STATE.unpack_from(s)) if s else [0, 0, 0, 0, 0] for s in states]
        limits = applied.tolist()
        keys: list[bytes | None] = []
        values: list[bytes | None] = []
        partitions: list[int] = []
        changed: dict[int, None] = {}
        links: list[bytes] = [b"" for _ in prepared.batches]
        for which, position, number, slot in prepared.records:
            batch = prepared.batches[which]
            links[which] += batch.offsets[position].tobytes()
            if batch.offsets[position] <= limits[slot][batch.source]:
                continue
            count = counts[slot]
            count[batch.source] += 1
            count[4] += number
            changed[slot] = None
            keys.append(batch.keys[position])
            values.append(b"%b|%d|%d,%d,%d,%d" % (batch.topic.encode(), number, *count[:4]))
            partitions.append(batch.partition)
        new = [STATE.pack(*counts[slot]) + self._padding for slot in changed]
        return Outcome(
            [Outgoing(OUTPUT, keys, values, np.array(partitions, np.int64))],
            np.fromiter(changed, np.int64, len(changed)),
            new,
            [value if self._links else None for value in links],
            counts={"decisions.allow": len(keys)},
        )


class AddUp:
    """A link sink that counts the source offsets that `Counting` publishes, by partition."""

    def __init__(self) -> None:
        self.n_records = 0

    def open(self, store) -> None:
        self._store = store

    def load(self, scratch) -> None:
        """Be filled record by record."""

    def apply(self, records: Sequence[LinkRecord]):
        sums: dict[bytes, int] = {}
        for record in records:
            key = f"{SOURCES[record.source]}/{record.source_partition}".encode()
            if key not in sums:
                sums[key] = int(self._store.get_many([key])[0] or 0)
            offsets = np.frombuffer(record.value, np.int64)
            sums[key] += int((offsets > record.skip_to).sum())
        self.n_records += len(records)
        return [(key, b"%d" % value) for key, value in sums.items()]
