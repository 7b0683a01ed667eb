"""What the worker and the pipeline exchange: a batch of records in, outputs and states out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from topics.deadletter import Bad

__all__ = [
    "LABELS",
    "SOURCES",
    "Again",
    "Bad",
    "KeyValues",
    "LinkLoad",
    "LinkRecord",
    "LinkSink",
    "Outcome",
    "Outgoing",
    "Prepared",
    "Processor",
    "RecordBatch",
    "Sorted",
    "by_partition",
]

SOURCES = ("shop.orders", "shop.browse", "shop.reviews", "risk.labels")
"""The input topics; the index of a topic here is its source number everywhere in the worker."""

LABELS: Final = SOURCES.index("risk.labels")
"""The source number of the labels, which are worked on apart from events."""


@dataclass(frozen=True, eq=False)
class RecordBatch:
    """Consecutive records of one partition of one input topic, as the broker delivered them.

    ``source`` is the index of ``topic`` in SOURCES; ``offsets`` int64[n], ascending but with
    possible gaps; ``timestamps_ms`` int64[n], Kafka's; ``keys`` and ``values`` as received, or
    nothing after `let_go`.
    """

    topic: str
    source: int
    partition: int
    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    keys: list[bytes | None]
    values: list[bytes | None]

    def __len__(self) -> int:
        return len(self.offsets)

    def let_go(self) -> None:
        """Forget keys and values, also for whoever has the same lists: they were worked on."""
        self.keys.clear()
        self.values.clear()


def by_partition(partitions: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """Yield each partition of int64[n] with the positions at which it stands, in their order.

    >>> list(by_partition(np.array([2, 0, 2])))
    [(0, [1]), (2, [0, 2])]
    """
    for number in np.bincount(partitions).nonzero()[0].tolist():
        yield number, (partitions == number).nonzero()[0].tolist()


class Prepared(Protocol):
    """Decoded batches; a processor's own class, of which the worker reads three attributes.

    ``keys``: the state keys that the good records touch, none starting with byte 0xFF;
    ``partitions`` int64[n_keys]: where each of these states is kept; a key occurs once in each
    partition. ``bad``: for every batch, the records for the dead letters.
    """

    @property
    def keys(self) -> Sequence[bytes]:
        """State keys."""

    @property
    def partitions(self) -> NDArray[np.int64]:
        """Where each state is kept."""

    @property
    def bad(self) -> Sequence[Sequence[Bad]]:
        """Records for the dead letters."""


@dataclass(frozen=True, eq=False)
class Outgoing:
    """Records for one output topic, in order, and the partition that each of them comes from."""

    topic: str
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    partitions: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of batches.

    ``states[i]`` is the new state of ``prepared.keys[changed[i]]``, None to erase it; a key is
    changed at most once. ``links`` has a record for the links topic, or None, for every batch.
    ``again`` is what shall be decided once more when the batch is done and there is time.
    ``counts`` and ``stages`` feed the metrics: things counted (``decisions.<action>``,
    ``alerts``, ``duplicates``, ...), and CPU seconds that ``run`` spent in named parts of itself.
    """

    outputs: Sequence[Outgoing]
    changed: NDArray[np.int64]
    states: Sequence[bytes | None]
    links: Sequence[bytes | None]
    again: "Again | None" = None
    counts: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, float] = field(default_factory=dict)


class Again(Protocol):
    """Events that were decided without a part of the model, which may be back."""

    def __len__(self) -> int:
        """Return how many wait."""

    def prepare(self) -> bool:
        """Do a little of what takes long for the events that `decide` takes next.

        On any thread, beside the processor's. True: nothing of that is left, or it cannot be done.
        """

    def decide(self) -> Sequence[Outgoing]:
        """Decide some of the waiting events, which wait no longer, and return what to publish.

        On the processor's thread. Nothing comes back, and all go on waiting, where the model is
        not back.
        """


class Processor(Protocol):
    """The pure part of a worker. Both methods run on one thread, never at the same time."""

    def read(self, batches: Sequence[RecordBatch]) -> Prepared:
        """Decode batches: of events, or of labels, those of a topic partition in their order."""

    def run(
        self, prepared: Prepared, states: Sequence[bytes | None], applied: NDArray[np.int64]
    ) -> Outcome:
        """Apply batches to the states of ``prepared.keys`` (None: no state yet).

        ``applied`` int64[n_keys, n_sources]: the offset of each topic, in the state's partition,
        up to which it holds everything, -1 if nothing; records at or below it must be skipped
        without output.
        """


@dataclass(frozen=True, eq=False)
class LinkRecord:
    """One record of the links topic: what a batch of another worker, or of this one, published.

    ``value`` came from ``Outcome.links`` of a batch of ``source`` and ``source_partition``.
    Rows in it with a source offset at or below ``skip_to`` were handed over before.
    """

    partition: int
    offset: int
    source: int
    source_partition: int
    skip_to: int
    value: bytes


class KeyValues(Protocol):
    """Read access to what a LinkSink has written."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of keys in their order, None where there is none."""

    def keys(self, prefix: bytes) -> Iterable[bytes]:
        """Return the keys that begin with ``prefix``."""


Sorted = tuple[Sequence[bytes], Sequence[bytes]]
"""Keys in ascending order, each once, and their values."""


class LinkLoad(Protocol):
    """Many records for a store that is empty: first all of them, then what they come to."""

    def add(self, records: Sequence[LinkRecord]) -> None:
        """Take records in the order of the topic."""

    def sorted(self) -> Iterator[Sorted]:
        """Yield what `LinkSink.apply` would have left in the store, in the order of the keys."""

    def close(self) -> None:
        """Let go of its files; may be repeated."""


class LinkSink(Protocol):
    """Who takes part in what all partitions share; called on the processor's thread."""

    def open(self, store: KeyValues) -> None:
        """Take the store that holds everything ``apply`` returned in this life or before."""

    def apply(self, records: Sequence[LinkRecord]) -> Iterable[tuple[bytes, bytes | None]]:
        """Take records in the order of the topic; return what to write, None to delete.

        The writes and the position in the topic become durable together; after a crash the
        records whose writes were lost come again.
        """

    def load(self, scratch: Path) -> LinkLoad | None:
        """Begin to fill an empty store; ``scratch`` is a folder for what does not fit in memory.

        None: it has to be filled by ``apply``. What is returned may be used by another thread, as
        long as no other method is called.
        """
