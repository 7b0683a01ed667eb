"""Messages of the links topic as records, and the marks in the store that say which they were."""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.worker.linksink import LinkRecord
from stream.worker.linkstore import LinkStore
from stream.worker.unreadable import UnreadableRecordError

LINKS_VERSION: Final = 1
"""Of the header and of `stream.pipeline.links.LINK` behind it."""

LINKS_HEADER: Final = struct.Struct("<BBHIqq")
"""Version, source, partition, life of the source topic, first and last source offset."""


def packed(
    source: int, partition: int, life: int, offsets: NDArray[np.int64], links: bytes
) -> bytes:
    """Return the record for ``links`` of the records at ``offsets`` of a source partition."""
    first, last = int(offsets[0]), int(offsets[-1])
    return LINKS_HEADER.pack(LINKS_VERSION, source, partition, life, first, last) + links


class Unpacking:
    """Takes the header off messages, and notes how far they go.

    ``applied`` returns the last offset handed over of a source, partition and life, -1 for none.
    """

    def __init__(self, topic: str, life: int, applied: Callable[[int, int, int], int]) -> None:
        self._topic, self._life, self._applied = topic, life, applied
        self._next: dict[int, int] = {}
        self._newest: dict[tuple[int, int, int], int] = {}

    def records(self, messages: Sequence[Any]) -> list[LinkRecord]:
        """Return the messages of which not all source offsets were handed over before.

        Raises UnreadableRecordError for one that no worker of this version wrote.
        """
        found = []
        for message in messages:
            self._next[message.partition()] = message.offset() + 1
            record = self._unpack(message)
            if record is not None:
                found.append(record)
        return found

    def marks(self) -> list[tuple[bytes, bytes]]:
        """Return keys and values that say how far all messages so far go, sorted by key."""
        marks = dict(
            LinkStore.position_mark(number, self._life, offset)
            for number, offset in self._next.items()
        )
        for (source, partition, life), last in self._newest.items():
            key, value = LinkStore.applied_mark(source, partition, life, last)
            marks[key] = value
        return sorted(marks.items())

    def _unpack(self, message: Any) -> LinkRecord | None:
        raw, place = message.value(), (self._topic, message.partition(), message.offset())
        if raw is None or len(raw) < LINKS_HEADER.size:
            what = f"a value of {len(raw or b'')} bytes is no record of links"
            raise UnreadableRecordError(*place, what, message.key())
        version, source, partition, life, _, last = LINKS_HEADER.unpack_from(raw)
        if version != LINKS_VERSION:
            raise UnreadableRecordError(
                *place,
                f"its layout has version {version}, this program reads {LINKS_VERSION} (a new "
                "version runs under a new application id)",
                message.key(),
            )
        where = (source, partition, life)
        if where not in self._newest:
            self._newest[where] = self._applied(*where)
        skip_to = self._newest[where]
        if last <= skip_to:
            return None
        self._newest[where] = last
        value = raw[LINKS_HEADER.size :]
        return LinkRecord(message.partition(), message.offset(), source, partition, skip_to, value)
