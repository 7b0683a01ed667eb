"""What the worker and the pipeline exchange: a batch of records in, outputs and states out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from topics.deadletter import Bad

__all__ = [
    "LABELS",
    "SOURCES",
    "Again",
    "Bad",
    "Outcome",
    "Outgoing",
    "Prepared",
    "Processor",
    "RecordBatch",
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
        without output. What is returned may not read the batches' records later.
        """
