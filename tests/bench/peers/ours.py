"""The job on riskstream's own worker: a batch is decoded, counted and answered as columns.

``python -m tests.bench.peers.ours --brokers X --folder F`` works until SIGTERM.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.worker.processor import Outcome, Outgoing, RecordBatch
from stream.worker.run import run
from stream.worker.settings import WorkerSettings
from tests.bench.peers.arguments import arguments
from tests.bench.peers.job import PARTITIONS, PREFIX, Answer, Event, read_event, write_answer
from tests.bench.peers.panes import BLANK, STATE, count
from topics.deadletter import Bad

OUTPUT = "risk.decisions"
APPLICATION = PREFIX + "ours"
SOURCE = 0
"""All events are on the orders' topic."""


@dataclass(frozen=True, eq=False)
class Read:
    """Decoded batches; ``slots`` int64[n] say which of ``keys`` each good record belongs to."""

    keys: list[bytes]
    partitions: NDArray[np.int64]
    bad: list[list[Bad]]
    slots: NDArray[np.int64]
    offsets: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    cents: NDArray[np.int64]
    event_ids: list[str]


class Panes:
    """Counts and sums of each user over an hour, a day and all time."""

    def read(self, batches: Sequence[RecordBatch]) -> Read:
        slots: dict[bytes, int] = {}  # a user's records are all in one partition here
        places: list[int] = []
        events: list[Event] = []
        numbers: list[int] = []
        found_bad: list[list[Bad]] = []
        offsets: list[NDArray[np.int64]] = []
        for batch in batches:
            found, good, bad = decoded(batch)
            keys = [batch.keys[i] for i in good] if bad else batch.keys
            n_before = len(slots)
            numbers += [slots.setdefault(key or b"", len(slots)) for key in keys]
            places += [batch.partition] * (len(slots) - n_before)
            events += found
            found_bad.append(bad)
            offsets.append(batch.offsets[good] if bad else batch.offsets)
        return Read(
            list(slots),
            np.array(places, np.int64),
            found_bad,
            np.array(numbers, np.int64),
            np.concatenate(offsets),
            np.array([event.event_time for event in events], np.int64),
            np.rint(100 * np.array([event.amount for event in events], np.float64)).astype(
                np.int64
            ),
            [event.event_id for event in events],
        )

    def run(
        self, prepared: Read, states: Sequence[bytes | None], applied: NDArray[np.int64]
    ) -> Outcome:
        rows = np.frombuffer(b"".join([s or BLANK for s in states]), STATE).copy()
        n, slots = len(prepared.slots), prepared.slots
        fresh = np.flatnonzero(prepared.offsets > applied[slots, SOURCE])
        slots, ids = slots[fresh], prepared.event_ids
        if len(fresh) < n:
            ids = [ids[i] for i in fresh.tolist()]
        counts, cents = count(rows, slots, prepared.times_ms[fresh], prepared.cents[fresh])
        keys = [prepared.keys[slot] for slot in slots.tolist()]
        sums = cents / 100
        columns = zip(counts.T.tolist(), sums.T.tolist(), strict=True)
        users = [key.decode() for key in prepared.keys]
        answers = map(
            Answer,
            ids,
            [users[slot] for slot in slots.tolist()],
            *(column for pair in columns for column in pair),
        )
        changed = np.flatnonzero(np.bincount(slots, minlength=len(rows)))
        raw, size = rows[changed].tobytes(), STATE.itemsize
        return Outcome(
            [Outgoing(OUTPUT, keys, list(map(write_answer, answers)), prepared.partitions[slots])],
            changed,
            [raw[i : i + size] for i in range(0, len(raw), size)],
            [None] * len(prepared.bad),
            counts={"decisions.allow": len(fresh)},
        )


def decoded(batch: RecordBatch) -> tuple[list[Event], list[int], list[Bad]]:
    """Return the events, where in the batch they were, and what could not be read."""
    try:
        events = [read_event(value) for value in batch.values]  # type: ignore[arg-type]
        return events, list(range(len(batch))), []
    except (msgspec.MsgspecError, TypeError):
        pass
    events, good, bad = [], [], []
    for i, value in enumerate(batch.values):
        try:
            events.append(read_event(value or b""))
            good.append(i)
        except msgspec.MsgspecError as error:
            bad.append(Bad(i, "not_json", str(error)))
    return events, good, bad


def settings(brokers: str, folder: Path) -> WorkerSettings:
    """Return the product's own settings of a worker, on the topics of the comparison."""
    return WorkerSettings(
        brokers=brokers,
        application=APPLICATION,
        topic_prefix=PREFIX,
        partitions=PARTITIONS,
        data_dir=folder,
        stats_path=folder / "stats.json",
    )


def warm() -> None:
    """Compile the kernel, or load it from Numba's cache, before the first batch."""
    count(np.zeros(1, STATE), *np.zeros((3, 1), np.int64))


def main() -> int:
    args = arguments(__doc__)
    warm()
    return run(settings(args.brokers, args.folder), Panes(), outputs=(OUTPUT, "risk.deadletter"))


if __name__ == "__main__":
    sys.exit(main())
