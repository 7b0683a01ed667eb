"""What the worker's reader of the links topic and whoever counts the links exchange."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stream.worker.tablefiles import Sorted


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
