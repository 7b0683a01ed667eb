"""The states of one partition: a RocksDB folder, a cache, and how far the changelog is in it."""

import shutil
import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rocksdict import Cache as BlockCache

from stream.worker.cache import Cache
from stream.worker.newest import settle
from stream.worker.rocks import Rocks
from stream.worker.stateload import StateLoad
from stream.worker.tablefiles import Sorted, fill_store
from stream.worker.written import Written

OWN = b"\xff\xff"  # no key of a state begins so
META_KEY = OWN + b"meta"
AGAIN = OWN + b"again"
"""Before a key whose last changelog record lost, until its value stands there again."""

LOG2_BITS = 24
"""2 MB while a partition is recovered; of 2.5 million users one in seven is looked for in vain."""

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
        self._recovered = None if meta else Written(LOG2_BITS)  # till something is written

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
        self._recovered = None
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
        behind its successor's back loses against what is there, see `newest.newer`, and its key
        is `outweighed` until a later record of the key, or `repaired`.
        """
        start = int(np.searchsorted(offsets, self.position, side="right"))
        if start == len(offsets):
            return 0
        keys, values = keys[start:], values[start:]
        found = settle(keys, values, self._stored)
        lost = self.outweighed.difference(found.touched).union(found.lost)
        kept: list[Pair] = [(AGAIN + key, b"") for key in lost - self.outweighed]
        kept += [(AGAIN + key, None) for key in self.outweighed - lost]
        self._write([*found.chosen.items(), *kept], int(offsets[-1]), found.term)
        self._cache.put_many(list(found.chosen), list(found.chosen.values()))
        self.outweighed = lost
        return found.n_stale

    def fill(self, load: StateLoad, scratch: Path) -> int:
        """Take over all records of a changelog, as `recover` would; the store must be empty.

        All or nothing. Returns how many records a newer one outweighed.
        """
        fill_store(self._rocks, chain(load.sorted(), self._marks(load)), scratch)
        self.position, self.term, self.outweighed = load.position, load.term, load.outweighed
        self._recovered = None
        return load.n_stale

    def _marks(self, load: StateLoad) -> Iterator[Sorted]:
        """Yield what stands behind the states, once those have been made."""
        again = [AGAIN + key for key in sorted(load.outweighed)]
        meta = META.pack(self.life, load.position, load.term)
        yield [*again, META_KEY], [*[b""] * len(again), meta]

    def _stored(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return stored values like `get_many`, and look only for what may have been recovered."""
        if self._recovered is None:
            return self.get_many(keys)
        tokens = np.fromiter(map(hash, keys), np.int64, len(keys)).view(np.uint64)
        at = np.flatnonzero(self._recovered.may_hold(tokens)).tolist()
        self._recovered.add(tokens)
        stored: list[bytes | None] = [None] * len(keys)
        for place, value in zip(at, self.get_many([keys[place] for place in at]), strict=True):
            stored[place] = value
        return stored

    def follow(self, life: int, end: int) -> bool:
        """Follow a changelog topic of this life that ends before the offset ``end``.

        Returns True where the store was filled from another one: it begins anew then.
        """
        anew = self.position >= end or bool(life and self.life and life != self.life)
        if anew:
            self.begin_anew(life)
        elif life != self.life and life:
            self.set_life(life)
        return anew

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
        self._recovered = Written(LOG2_BITS)
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


def partition_folder(folder: Path, number: int) -> Path:
    """Return where in a worker's folder the states of a partition are."""
    return folder / f"partition-{number}"


def advanced(position: int, sent: Sequence[tuple[int, int]]) -> int:
    """Return the position after records acknowledged at ``sent`` (first offset, number).

    A gap holds another writer's records: recovery has to look at them, and the position stays.

    >>> advanced(9, [(10, 5), (15, 1)]), advanced(9, [(11, 5)])
    (15, 9)
    """
    for first, count in sent:
        position = first + count - 1 if first == position + 1 else position
    return position
