"""Fills an empty store with tables that are written beside it, in the order of their keys.

What is written in order needs no sorting, no buffers and no compaction, which take half the time
of a store that is filled key by key.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rocksdict import SstFileWriter

from stream.worker.rocks import Rocks

FILE_BYTES: Final = 32 << 20

Sorted = tuple[Sequence[bytes], Sequence[bytes]]
"""Keys in ascending order, each once, and their values."""


def fill_store(store: Rocks, pairs: Iterable[Sorted], scratch: Path) -> None:
    """Put ascending pairs into an empty store, all or nothing, even if the process is killed.

    ``scratch`` is a folder on the store's file system. Raises OSError where it cannot be written.
    """
    # What a store with a limited time puts behind each value, see RocksDB's DBWithTTLImpl.
    stamp = b"" if store.kept_s is None else int(time.time()).to_bytes(4, "little")
    files: list[Path] = []
    writer = None
    for keys, values in pairs:
        if writer is None and keys:
            files.append(scratch / f"{len(files)}.sst")
            writer = SstFileWriter(store.options)
            writer.open(str(files[-1]))
        if writer is None:
            continue
        with _told():
            put = writer.__setitem__
            for key, value in zip(keys, values, strict=True):
                put(key, value + stamp)
            if writer.file_size() >= FILE_BYTES:
                writer.finish()
                writer = None
    with _told():
        if writer is not None:
            writer.finish()
        if files:
            store.ingest(files)


@contextmanager
def _told() -> Iterator[None]:
    """Raise OSError for an error of the file system, which RocksDB's binding tells in words."""
    try:
        yield
    except Exception as error:
        if not str(error).startswith("IO error"):
            raise
        raise OSError(str(error)) from error


def failed_beside(beside: Path, needed: str, error: OSError) -> str:
    """Return what to say where files beside an empty store cannot be written or read."""
    return (
        f"an empty store is filled by way of files in {beside}, and that failed: {error}; "
        f"they need {needed}: see that there is room, or choose another folder (setting data_dir)"
    )
