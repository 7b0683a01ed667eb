"""What the reader of the links topic keeps: the sink's writes and how far it has read."""

import struct
from pathlib import Path

from stream.worker.rocks import Rocks, block_cache

POSITION = struct.Struct("<Iq")  # life of the links topic, next offset to read
APPLIED = struct.Struct("<Iq")  # life of a source topic, last source offset handed over
CACHE_BYTES = 16 << 20
BUFFER_BYTES = 16 << 20
KEPT_S = 121 * 86_400
"""An entity that nobody has used for as long as the links topic keeps its records is forgotten."""


class LinkStore(Rocks):
    """What the sink has written, with the positions in the topic that go with it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, block_cache(CACHE_BYTES), BUFFER_BYTES, KEPT_S)

    @staticmethod
    def position_mark(partition: int, life: int, offset: int) -> tuple[bytes, bytes]:
        """Return the key and value that let `position` answer ``offset``."""
        return _position_key(partition), POSITION.pack(life, offset)

    @staticmethod
    def applied_mark(source: int, partition: int, life: int, last: int) -> tuple[bytes, bytes]:
        """Return the key and value that let `applied` answer ``last``."""
        return _applied_key(source, partition), APPLIED.pack(life, last)

    def position(self, partition: int, life: int) -> int:
        """Return the offset of a links partition to read next, -1 for its beginning."""
        value = self.get(_position_key(partition))
        known, offset = POSITION.unpack(value) if value else (0, -1)
        return int(offset) if not life or not known or known == life else -1

    def applied(self, source: int, partition: int, life: int) -> int:
        """Return the last offset of a source partition that was handed over, -1 for none."""
        value = self.get(_applied_key(source, partition))
        known, offset = APPLIED.unpack(value) if value else (life, -1)
        return int(offset) if known == life else -1


def _position_key(partition: int) -> bytes:
    return b"\xff\xffposition%d" % partition


def _applied_key(source: int, partition: int) -> bytes:
    return b"\xff\xffapplied%d.%d" % (source, partition)
