"""The states of one partition: a RocksDB folder, a cache, and how far the changelog is in it."""

import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rocksdict import Cache as BlockCache

from stream.worker.cache import Cache
from stream.worker.envelope import marks, newer, unpack
from stream.worker.rocks import Rocks

OWN = b"\xff\xff"  # no key of a state begins so
META_KEY = OWN + b"meta"
AGAIN = OWN + b"again"
"""Before a key whose last changelog record lost, until its value stands there again."""

META = struct.Struct("<Iqq")  # life of the changelog topic, position in it, newest term

Pair = tuple[bytes, bytes | None]


class PartitionStore:
    """Stored values (header and state) of one partition.

    ``position`` is the last changelog offset that is in the store, -1 for none; ``term`` the
    latest term of any value; ``life`` says of which life of the changelog topic they are;
    ``outweighed`` are the keys whose last changelog record is older than the stored value.
    """

    def __init__(self, path: Path, blocks: BlockCache, cache_bytes: int) -> None:
        self._path, self._blocks = path, blocks
        self._rocks = Rocks(path, blocks)
        self._cache = Cache(cache_bytes)
        self._coming: dict[bytes, bytes | None] = {}
        meta = self._rocks.get(META_KEY)
        self.life, self.position, self.term = META.unpack(meta) if meta else (0, -1, -1)
        self.outweighed = {key[len(AGAIN) :] for key in self._rocks.keys(AGAIN)}

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return stored values in the order of ``keys``, None where there is none."""
        values, unknown = self._cache.get_many(keys)
        if unknown:
            missing = [keys[position] for position in unknown]
            found = self._rocks.get_many(missing)
            for position, value in zip(unknown, found, strict=True):
                values[position] = value
            self._cache.put_many(missing, found)
        if self._coming:
            coming = self._coming
            values = [coming.get(key, v) for key, v in zip(keys, values, strict=True)]
        return values

    def announce(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Answer with values that will be written, or `forget_announced`."""
        self._coming.update(zip(keys, values, strict=True))

    def forget_announced(self) -> None:
        """Answer with what is written: nobody will write the rest."""
        self._coming.clear()

    def write(
        self, keys: Sequence[bytes], values: Sequence[bytes | None], position: int, term: int
    ) -> None:
        """Write announced values and how far the changelog is in the store, all or nothing."""
        pairs = list(zip(keys, values, strict=True))
        self._write(pairs, position, term)
        self._cache.put_many(keys, values)
        for key, value in pairs:
            if self._coming.get(key) is value:  # else a newer one has been announced
                self._coming.pop(key, None)

    def _write(self, pairs: list[Pair], position: int, term: int) -> None:
        self.position, self.term = position, max(term, self.term)
        meta = META.pack(self.life, self.position, self.term)
        self._rocks.write([*pairs, (META_KEY, meta)])

    def recover(
        self, offsets: NDArray[np.int64], keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> int:
        """Apply changelog records in their order and return how many a newer record outweighed.

        Records at or below the position are skipped. A record that a paused former owner wrote
        behind its successor's back loses against what is there, see `envelope.newer`, and its key
        is `outweighed` until a later record of the key, or `repaired`.
        """
        start = int(np.searchsorted(offsets, self.position, side="right"))
        if start == len(offsets):
            return 0
        keys, values = keys[start:], values[start:]
        headers, _ = unpack(values)
        touched = list(dict.fromkeys(keys))
        stored = self.get_many(touched)
        current = dict(zip(touched, marks(unpack(stored)[0]), strict=True))
        known = {key for key, value in zip(touched, stored, strict=True) if value is not None}
        n_stale, lost = 0, set(self.outweighed)
        chosen: dict[bytes, bytes | None] = {}
        for key, value, mark in zip(keys, values, marks(headers), strict=True):
            if value is not None and key in known and not newer(mark, current[key]):
                n_stale += 1
                lost.add(key)
                continue
            chosen[key], current[key] = value, mark
            lost.discard(key)
            (known.discard if value is None else known.add)(key)
        term = int(headers["term"].max(initial=-1))
        kept: list[Pair] = [(AGAIN + key, b"") for key in lost - self.outweighed]
        kept += [(AGAIN + key, None) for key in self.outweighed - lost]
        self._write([*chosen.items(), *kept], int(offsets[-1]), term)
        self._cache.put_many(list(chosen), list(chosen.values()))
        self.outweighed = lost
        return n_stale

    def repaired(self, keys: Sequence[bytes], position: int) -> None:
        """Note that the stored values of outweighed keys stand in the changelog again."""
        self._write([(AGAIN + key, None) for key in keys], position, self.term)
        self.outweighed.difference_update(keys)

    def begin_anew(self, life: int) -> None:
        """Drop everything: the changelog topic is not the one that the store was filled from."""
        self._rocks.close()
        shutil.rmtree(self._path)
        self._rocks = Rocks(self._path, self._blocks)
        self._cache.clear()
        self._coming.clear()
        self.outweighed = set()
        self.position, self.term = -1, -1
        self.set_life(life)

    def set_life(self, life: int) -> None:
        """Remember which life of the changelog topic the store follows."""
        self.life = life
        self._rocks.write([(META_KEY, META.pack(life, self.position, self.term))])

    def items(self) -> list[tuple[bytes, bytes]]:
        """Return all keys and stored values; for tests and inspection."""
        return [(key, value) for key, value in self._rocks.items() if not key.startswith(OWN)]

    def n_bytes(self) -> int:
        """Return about how many bytes the store holds."""
        return self._rocks.n_bytes()

    def close(self) -> None:
        """Write the buffers to files and close."""
        self._rocks.close()


def advanced(position: int, sent: Sequence[tuple[int, int]]) -> int:
    """Return the position after records acknowledged at ``sent`` (first offset, number).

    A gap holds another writer's records: recovery has to look at them, and the position stays.

    >>> advanced(9, [(10, 5), (15, 1)]), advanced(9, [(11, 5)])
    (15, 9)
    """
    for first, count in sent:
        position = first + count - 1 if first == position + 1 else position
    return position
