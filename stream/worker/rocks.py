"""A RocksDB folder as a batched map from bytes to bytes, with the memory set rather than implied.

Nothing is written ahead: Kafka holds all of it, every batch carries the position up to which it
goes, and RocksDB keeps batches in order. After a crash the folder is therefore an older whole
state, and what is missing is read again from its position on.
"""

import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    IngestExternalFileOptions,
    Options,
    RdictIter,
    WriteBatch,
    WriteOptions,
)

from stream.worker.damage import DAMAGED, DamagedStoreError, is_damage, opened
from topics.errors import InputError

WRITE_BUFFER_BYTES = 8 << 20
N_WRITE_BUFFERS = 2
BLOCK_BYTES = 16 << 10
KEYS_AT_ONCE = 250
"""Keys of one look-up, which holds a block in memory for each of them until it has all."""

LOG: Final = logging.getLogger(__name__)


def block_cache(n_bytes: int) -> Cache:
    """Return a block cache that several folders may share."""
    return Cache(n_bytes)


class Rocks:
    """One RocksDB folder; at most ``N_WRITE_BUFFERS`` times ``buffer_bytes`` of buffers.

    Keys that are written again while they are in a buffer are sorted and compressed once: with
    four times the buffer, flushing and compaction took a third of the processor time. With
    ``kept_s``, a compaction drops what was written longer ago than that, in seconds.
    """

    def __init__(
        self,
        path: Path,
        cache: Cache,
        buffer_bytes: int = WRITE_BUFFER_BYTES,
        kept_s: int | None = None,
    ) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path, self.kept_s = path, kept_s
        access = AccessType.read_write() if kept_s is None else AccessType.with_ttl(kept_s)
        self.options = rocks_options(cache, buffer_bytes)
        try:
            self._db = opened(path, self.options, access)
        except Exception as error:
            raise InputError(
                f"the local store {path} cannot be opened: {error}; mend what is in the way, such "
                "as a full disk, or choose another folder (setting data_dir)"
            ) from error
        self._unlogged = WriteOptions()
        self._unlogged.disable_wal = True  # type: ignore[assignment, method-assign]
        self._db.set_write_options(self._unlogged)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of ``keys`` in their order, None where there is none."""
        found: list[bytes | None] = []
        with self._sound():
            for begin in range(0, len(keys), KEYS_AT_ONCE):
                part: Any = self._db.get(list(keys[begin : begin + KEYS_AT_ONCE]))
                found += part
        return found

    def get(self, key: bytes) -> bytes | None:
        """Return one value, or None."""
        with self._sound():
            value: bytes | None = self._db.get(key)
        return value

    def write(self, pairs: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Write all pairs or none; a value of None deletes the key."""
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        for key, value in pairs:
            if value is None:
                delete(key)
            else:
                put(key, value)
        with self._sound():
            self._db.write(batch, self._unlogged)

    def ingest(self, files: Sequence[Path]) -> None:
        """Take over files of tables, all or none; see `tablefiles.fill_store`."""
        moving = IngestExternalFileOptions()
        moving.set_move_files(True)
        with self._sound():
            self._db.ingest_external_file([str(file) for file in files], moving)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield all pairs in the order of their keys."""
        for found in self._from(b""):
            yield cast("bytes", found.key()), cast("bytes", found.value())

    def keys(self, prefix: bytes) -> Iterator[bytes]:
        """Yield the keys that begin with ``prefix``, in their order."""
        for found in self._from(prefix):
            key = cast("bytes", found.key())
            if not key.startswith(prefix):
                return
            yield key

    def is_empty(self) -> bool:
        """Tell whether nothing is in it."""
        return not any(True for _ in self._from(b""))

    def _from(self, key: bytes) -> Iterator[RdictIter]:
        """Yield an iterator that stands on one pair after the other, from ``key`` on."""
        with self._sound():
            found = self._db.iter()
            found.seek(key)
            while found.valid():
                yield found
                found.next()
            found.status()  # it ends where it cannot read on, too, and says so only here

    def compact(self) -> None:
        """Write the buffers to files, and all files anew without what is deleted or too old."""
        with self._sound():
            self._db.flush(True)
            self._db.compact_range(None, None)

    def n_bytes(self) -> int:
        """Return about how much the folder and the buffers hold, in bytes."""
        tables = self._db.property_int_value("rocksdb.total-sst-files-size") or 0
        buffers = self._db.property_int_value("rocksdb.cur-size-all-mem-tables") or 0
        return int(tables) + int(buffers)

    def close(self) -> None:
        """Write the buffers to files and close.

        Buffers that cannot be written, on a full disk or so, are given up: Kafka has what is in
        them, and it is read from there when the store is opened again.
        """
        try:
            self._db.flush(True)
            self._db.close()
        except Exception as error:
            LOG.warning("%s is closed without its newest values, which come from Kafka again when "
                        "it is opened: %s", self.path, error)  # fmt: skip
            with contextlib.suppress(Exception):  # it writes what it can, once more in vain
                self._db.close()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Mark the folder where RocksDB finds that it is damaged."""
        try:
            yield
        except Exception as error:
            if not is_damage(error):
                raise
            (self.path / DAMAGED).touch()
            raise DamagedStoreError(
                f"the local store {self.path} is damaged ({error}); start the worker again, and it "
                "fills a new one from Kafka"
            ) from error


def rocks_options(cache: Cache, buffer_bytes: int) -> Options:
    """Return the options of a store of about a kilobyte a value, read and written in batches."""
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(buffer_bytes)
    options.set_max_write_buffer_number(N_WRITE_BUFFERS)
    options.set_max_background_jobs(2)
    options.set_max_open_files(256)
    options.set_target_file_size_base(16 << 20)
    options.set_max_bytes_for_level_base(64 << 20)
    options.set_level_compaction_dynamic_level_bytes(True)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(1 << 20)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_block_size(BLOCK_BYTES)
    blocks.set_bloom_filter(10, False)
    blocks.set_cache_index_and_filter_blocks(True)
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
    blocks.set_format_version(5)
    options.set_block_based_table_factory(blocks)
    return options
