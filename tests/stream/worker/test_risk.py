"""Batches that are worked on together come out as one after the other."""

import random
from collections import defaultdict

import numpy as np
import orjson
import pytest

from stream.settings import Settings
from stream.warm import _Memory
from stream.worker.build import build_processor
from stream.worker.processor import SOURCES, RecordBatch
from tests.stream.worker.market import TOPIC_OF, traffic

N_PARTITIONS = 3
LABEL = 3


@pytest.fixture
def processor():
    processor, links = build_processor(Settings(scoring="none", token_key="k" * 32))
    links.open(_Memory())
    return processor


def batches_of(seed: int, n: int = 400) -> list[RecordBatch]:
    """Return batches of the three event topics, topic after topic, two of each partition.

    Some records are bad, and some users have events in two partitions.
    """
    chance = random.Random(seed)
    records = defaultdict(list)
    for event in traffic(n, ("order", "browse", "review"), seed=seed, n_users=40):
        source = SOURCES.index(TOPIC_OF[event["type"]])
        number = int(event["user_id"].rpartition("-")[2])
        partition = (number + (number % 7 == 0 and chance.random() < 0.5)) % N_PARTITIONS
        value = orjson.dumps(event) if chance.random() > 0.05 else b'{"event_id": 1'
        records[source, partition].append((event["user_id"].encode(), value, event["event_time"]))
    return [
        part
        for (source, partition), found in sorted(records.items())
        for part in halves(source, partition, found)
    ]


def halves(source: int, partition: int, found: list) -> list[RecordBatch]:
    cut = len(found) // 2
    return [
        RecordBatch(
            SOURCES[source], source, partition,
            np.arange(first, first + len(some)), np.array([time_ms for _, _, time_ms in some]),
            [key for key, _, _ in some], [value for _, value, _ in some],
        )
        for first, some in ((0, found[:cut]), (cut, found[cut:]))
    ]  # fmt: skip


class Book:
    """Keeps states and what was published, as the worker would."""

    def __init__(self, processor) -> None:
        self.processor = processor
        self.states: dict[tuple[int, bytes], bytes] = {}
        self.applied: dict[tuple[int, bytes], np.ndarray] = {}
        self.published = defaultdict(list)
        self.links = defaultdict(list)
        self.bad = []

    def work(self, batches: list[RecordBatch], applied: int = -1) -> None:
        prepared = self.processor.read(batches)
        places = list(zip(prepared.partitions.tolist(), prepared.keys, strict=True))
        assert len(set(places)) == len(places)
        outcome = self.processor.run(
            prepared, [self.states.get(place) for place in places],
            np.full((len(places), len(SOURCES)), applied),
        )  # fmt: skip
        for at, state in zip(outcome.changed.tolist(), outcome.states, strict=True):
            self.states[places[at]] = state
        for out in outcome.outputs:
            for key, value, partition in zip(
                out.keys, out.values, out.partitions.tolist(), strict=True
            ):
                record = orjson.loads(value)
                for name in ("decided_at_ms", "updated_at_ms", "latency_ms"):
                    record.pop(name, None)
                self.published[out.topic, partition].append((key, record))
        for batch, links, bad in zip(batches, outcome.links, prepared.bad, strict=True):
            self.links[batch.source, batch.partition].append(links or b"")
            self.bad += [(batch.topic, batch.partition, batch.offsets[b.position]) for b in bad]


def compared(book: Book):
    links = {place: b"".join(parts) for place, parts in book.links.items()}
    return book.states, dict(book.published), links, sorted(book.bad)


@pytest.mark.parametrize("seed", range(3))
def test_batches_together_are_decided_as_one_after_the_other(processor, seed):
    batches = batches_of(seed)
    alone, together, pairs = Book(processor), Book(processor), Book(processor)
    for batch in batches:
        alone.work([batch])
    together.work(batches)
    for first in range(0, len(batches), 2):
        pairs.work(batches[first : first + 2])
    assert alone.bad
    assert len(alone.states) > 40  # some users are in two partitions
    for other in (together, pairs):
        for mine, theirs in zip(compared(alone), compared(other), strict=True):
            assert mine == theirs


def test_what_a_state_has_applied_is_left_out(processor):
    batches = [batch for batch in batches_of(9) if batch.source == 0]
    whole, rest = Book(processor), Book(processor)
    whole.work(batches)
    limit = 4
    rest.work(batches, applied=limit)
    decided = [record["event_id"] for records in rest.published.values() for _, record in records]
    later = [
        orjson.loads(value)["event_id"]
        for batch in batches
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True)
        if offset > limit and value.endswith(b"}")
    ]
    assert sorted(set(decided)) == sorted(later)
    assert 0 < len(later) < sum(map(len, batches))


def test_labels_of_several_partitions_keep_their_links_apart(processor):
    book = Book(processor)
    orders = [batch for batch in batches_of(5) if batch.source == 0]
    book.work(orders)
    labels = [
        RecordBatch(
            SOURCES[LABEL], LABEL, batch.partition, batch.offsets, batch.timestamps_ms, batch.keys,
            [label_of(value) for value in batch.values],
        )
        for batch in orders
    ]  # fmt: skip
    together = Book(processor)
    together.states = dict(book.states)
    for batch in labels:
        book.work([batch])
    together.work(labels)
    assert compared(book)[0] == compared(together)[0]
    mine, theirs = (
        {place: value for place, value in compared(b)[2].items() if place[0] == LABEL}
        for b in (book, together)
    )
    assert mine == theirs
    assert all(mine.values())


def label_of(value: bytes) -> bytes:
    """Return a label about the order, bad where the order is."""
    if not value.endswith(b"}"):
        return value
    order = orjson.loads(value)
    return orjson.dumps(
        {
            "label_id": f"l-{order['event_id']}", "user_id": order["user_id"],
            "event_id": order["event_id"], "kind": "fraud", "is_fraud": True,
            "event_time": order["event_time"], "known_at": order["event_time"] + 1_000,
            "source": "test",
        }
    )  # fmt: skip
