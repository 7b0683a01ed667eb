"""Fills an empty folder's states from the changelog before a worker joins its group.

A worker that joins and only then reads what its partitions' users are makes the others' partitions
stand still for as long. It reads in a process of its own, beside the links, which keep this one
busy, and the states of all partitions, since nobody can know which it will be given.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

from stream.worker.changelog import ChangelogReader
from stream.worker.partition import PartitionStore, partition_folder
from stream.worker.rocks import block_cache
from stream.worker.tablefiles import failed_beside
from stream.worker.unreadable import UnreadableRecordError
from topics.consuming import bounds
from topics.errors import InputError
from topics.scratch import ScratchFolder, remove_leftovers

SCRATCH: Final = "states-loading-"
"""How folders begin that a worker which is killed may leave beside its stores."""

FILLED: Final = "filled"
"""The file in a worker's folder that says that it was filled once; from then on, it follows."""

BLOCKS_BYTES: Final = 32 << 20
"""RocksDB's cache of blocks while it follows, all partitions together."""

VALUES_BYTES: Final = 64 << 20
"""The cache of values, in the same way."""

NICE: Final = 5
"""Workers that decide on the same machine come first."""


@dataclass(frozen=True)
class Order:
    """What to read: a changelog topic with its life and the ends of its partitions."""

    brokers: str
    topic: str
    life: int
    ends: dict[int, int]
    folder: Path


class Filling:
    """A process that reads a changelog into the stores of a folder; `poll` it until it is done.

    ``n_read`` of ``n_wanted`` records have been read, of which ``n_stale`` were outweighed.
    ``doing`` says what it does. When it has read all that was there at the beginning it follows
    the changelog, until `finish`.
    """

    def __init__(self, order: Order, n_wanted: int) -> None:
        self.n_read, self.n_stale, self.n_wanted = 0, 0, n_wanted
        self.doing, self.done = "reading", False
        self._folder = order.folder
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_fill, args=(theirs, order), name="filling",
                                        daemon=True)  # fmt: skip
        self._process.start()
        theirs.close()

    @classmethod
    def begin(cls, brokers: str, topic: str, life: int, folder: Path, at_least: int) -> Self | None:
        """Begin where ``folder`` was never filled and the topic has ``at_least`` so many records.

        With fewer, recovery after the join is as quick. Raises InputError where Kafka is silent.
        """
        remove_leftovers(SCRATCH, folder)
        if (folder / FILLED).exists():
            return None
        found = bounds(brokers, topic)
        n_wanted = sum(high - low for low, high in found.values())
        if n_wanted < at_least:
            return None
        ends = {number: high for number, (_, high) in found.items()}
        return cls(Order(brokers, topic, life, ends, folder), n_wanted)

    def poll(self) -> None:
        """Take notice of how far it is. Raises RuntimeError where it cannot go on."""
        try:
            while not self.done and self._ours.poll():
                kind, *content = pickle.loads(self._ours.recv_bytes())
                if kind == "error":
                    raise RuntimeError(content[0])
                self.doing, self.done = kind, kind == "end"
                self.n_read, self.n_stale = content
                self.n_wanted = max(self.n_wanted, self.n_read)
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise RuntimeError(
                "the process that fills the local stores from the changelog ended early, with exit "
                f"code {self._process.exitcode}; start the worker again, the partitions that are "
                "done stay"
            ) from None

    def finish(self) -> None:
        """Let it end as soon as it has read what is there."""
        with suppress(OSError):  # it has ended, which `poll` tells
            self._ours.send_bytes(b"finish")

    def stop(self) -> None:
        """End the process, wherever it is; the partitions that are done stay."""
        self._process.kill()
        self._process.join()
        self._ours.close()
        remove_leftovers(SCRATCH, self._folder)


def _fill(theirs: Connection, order: Order) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # which its group may get: the worker ends it
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    finish = threading.Event()
    threading.Thread(target=_listen, args=(theirs, finish), daemon=True).start()
    try:
        _read(theirs, order, finish)
    except (InputError, UnreadableRecordError) as error:
        _tell(theirs, "error", str(error))
    except OSError as error:
        _tell(theirs, "error", failed_beside(order.folder, "as much as the topic holds", error))
    except Exception as error:
        _tell(theirs, "error", f"the changelog {order.topic} cannot be applied: {error!r}")


def _listen(theirs: Connection, finish: threading.Event) -> None:
    """Hear that it is enough. End when the worker has gone: the next one needs the locks."""
    while True:
        try:
            theirs.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)
        finish.set()


def _read(theirs: Connection, order: Order, finish: threading.Event) -> None:
    blocks, each = block_cache(BLOCKS_BYTES), VALUES_BYTES // len(order.ends)
    stores = {
        number: PartitionStore(partition_folder(order.folder, number), blocks, each)
        for number in order.ends
    }
    for number, store in stores.items():
        store.follow(order.life, order.ends[number])
    reading = ChangelogReader(order.brokers, order.topic, stores, partial(_tell, theirs))
    with ScratchFolder(SCRATCH, order.folder) as scratch:
        reading.fill(scratch)
    reading.follow(finish)
    for store in stores.values():
        store.close()
    _tell(theirs, "end", reading.n_read, reading.n_stale)


def _tell(theirs: Connection, kind: str, *content: object) -> None:
    theirs.send_bytes(pickle.dumps((kind, *content)))
