"""The history that lies in the input topics, checked as the worker checks it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.replay.badrecords import BadRecords
from stream.replay.history import Slice, slices_of, until
from topics.catalog import BROWSING, LABELS, ORDERS, REVIEWS, TYPE_OF_TOPIC
from topics.columns import LabelBatch
from topics.consuming import Taken, read_topic
from topics.deadletter import Bad
from topics.decode import Decoder
from topics.sorting import Timed, settle_ties, sort_by_time
from topics.timed import LABEL_TAG
from topics.vocabulary import EVENT_TYPES

SOURCES: Final = (LABELS, ORDERS, BROWSING, REVIEWS)
"""Labels first: where records arrived at the same time, what is known had come before the event."""


@dataclass(frozen=True, eq=False)
class Arrived:
    """``n`` good records of one topic in the order of each partition.

    ``tag`` is the code of their event type or LABEL_TAG; ``time_ms`` int64[n] is when an event
    happened or a label became known, ``arrived_ms`` int64[n] when Kafka got it; ``event`` uint64[n]
    is the event's token, or that of the event a label is about.
    """

    tag: int
    time_ms: NDArray[np.int64]
    arrived_ms: NDArray[np.int64]
    event: NDArray[np.uint64]
    values: list[bytes]

    def timed(self, times: NDArray[np.int64], keep: NDArray[np.bool_] | None = None) -> Timed:
        """Return the records under ``times`` int64[n], those that ``keep`` bool[n] says."""
        whole = Timed(times, np.full(len(times), self.tag, np.uint8), self.values)
        return whole if keep is None else whole.take(np.flatnonzero(keep))


class TopicHistory:
    """What the topics of a cluster hold, from their beginning to their ends at each reading.

    ``advance`` is told how many records were read.
    """

    def __init__(
        self,
        brokers: str,
        decoder: Decoder,
        advance: Callable[[float], None] = lambda n: None,
    ) -> None:
        self._brokers, self._decoder, self._advance = brokers, decoder, advance

    @property
    def name(self) -> str:
        """What an error message calls this history."""
        return f"Kafka at {self._brokers}"

    def slices(self, until_ms: int, bad: BadRecords) -> Iterator[Slice]:
        """Yield events and labels in the order in which they happened or became known."""
        chunks = (found.timed(found.time_ms) for found in self.arrived(bad))
        parts = until(settle_ties(sort_by_time(chunks), LABEL_TAG), until_ms)
        yield from slices_of(parts, self._decoder, bad)

    def as_arrived(self, until_ms: int, bad: BadRecords) -> Iterator[Slice]:
        """Yield them in the order in which Kafka got them; no event from ``until_ms`` on."""
        chunks = (
            found.timed(found.arrived_ms, found.time_ms < until_ms) for found in self.arrived(bad)
        )
        yield from slices_of(sort_by_time(chunks), self._decoder, bad)

    def in_order(
        self,
        order: Callable[[NDArray[np.uint64]], NDArray[np.int64]],
        until_ms: int,
        bad: BadRecords,
    ) -> Iterator[Slice]:
        """Yield the events in the ``order`` that their tokens have, without the labels."""
        chunks = (
            found.timed(order(found.event), found.time_ms < until_ms)
            for found in self.arrived(bad, SOURCES[1:])
        )
        yield from slices_of(sort_by_time(chunks), self._decoder, bad)

    def labels(self) -> Iterator[LabelBatch]:
        """Yield the labels as they lie, without those that cannot be read."""
        for taken in read_topic(self._brokers, LABELS):
            yield self._decoder.labels(
                taken.values, record_ms=np.array(taken.timestamps_ms), keys=taken.keys
            ).batch

    def arrived(self, bad: BadRecords, topics: tuple[str, ...] = SOURCES) -> Iterator[Arrived]:
        """Yield the good records of each topic in turn; ``bad`` takes the others."""
        for topic in topics:
            for taken in read_topic(self._brokers, topic):
                found, problems = self._checked(topic, taken)
                for problem in problems:
                    bad.located_at(
                        f"{topic}, partition {taken.partitions[problem.position]}, "
                        f"offset {taken.offsets[problem.position]}",
                        f"{problem.reason}: {problem.detail}",
                    )
                self._advance(len(taken.offsets))
                if found.values:
                    yield found

    def _checked(self, topic: str, taken: Taken) -> tuple[Arrived, list[Bad]]:
        record_ms = np.array(taken.timestamps_ms, np.int64)
        if topic == LABELS:
            labels = self._decoder.labels(taken.values, record_ms=record_ms, keys=taken.keys)
            rows, times, tag = labels.batch.rows, labels.batch.rows["known_ms"], LABEL_TAG
            index, problems = labels.index, labels.bad
        else:
            kind = TYPE_OF_TOPIC[topic]
            events = self._decoder.events(
                taken.values, type_hint=kind, record_ms=record_ms, keys=taken.keys
            )
            rows, times, tag = (
                events.batch.rows,
                events.batch.rows["time_ms"],
                EVENT_TYPES.index(kind),
            )
            index, problems = events.index, events.bad
        values = [taken.values[i] or b"" for i in index.tolist()]
        event = rows["event"].copy()
        return Arrived(tag, times.copy(), record_ms[index], event, values), problems
