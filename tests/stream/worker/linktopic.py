"""Records of the links topic, a consumer of given ones, and what they have to come to."""

import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from stream.worker.entities import EntityStore
from stream.worker.linkrecords import LINKS_HEADER, LINKS_VERSION, Unpacking
from stream.worker.linkstore import LinkStore
from tests.stream.worker.linkloader import LAG_MS, LIFE
from tests.stream.worker.test_entityload import DAY_MS, history

TOPIC = "app.links"


class Message:
    """A record of the links topic, as its consumer returns it."""

    def __init__(self, partition: int, offset: int, value: bytes) -> None:
        self._partition, self._offset, self._value = partition, offset, value

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return self._partition

    def offset(self) -> int:
        return self._offset

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        return self._value


class Topic:
    """A consumer of given messages of two partitions, of which ``end`` are there at the start."""

    def __init__(self, messages: Sequence[Message], end: int | None = None, n_each: int = 5):
        self._messages, self._n_each = list(messages), n_each
        self._ends = [0, 0]
        for message in messages[:end]:
            self._ends[message.partition()] = message.offset() + 1

    def get_watermark_offsets(self, tp, timeout=None, cached=False):
        return 0, -1001 if cached else self._ends[tp.partition]

    def assign(self, tps):
        pass

    def poll(self, timeout):
        return self._messages.pop(0) if self._messages else time.sleep(0.01)

    def consume(self, n, timeout):
        taken = self._messages[: self._n_each - 1]
        del self._messages[: self._n_each - 1]
        return taken

    def close(self):
        pass


def value(rows: Any, source: int = 0, partition: int = 0, life: int = 7) -> bytes:
    first, last = int(rows["offset"][0]), int(rows["offset"][-1])
    header = LINKS_HEADER.pack(LINKS_VERSION, source, partition, life, first, last)
    return header + rows.tobytes()


def values(seed: int, n_records: int = 60) -> list[bytes]:
    """Return records of two topics and partitions, in a later life of one; a third comes twice."""
    chance = np.random.default_rng(seed)
    found: list[bytes] = []
    for number, rows in enumerate(history(seed, n_records, 40, 400, DAY_MS)):
        source, partition = int(chance.integers(2)), int(chance.integers(2))
        life = 8 if source and number > n_records // 2 else 7
        found.append(value(rows, source, partition, life))
        if chance.random() < 0.3:
            again = rows[len(rows) // 2 :].copy()
            more = again[-1:].copy()  # cut anywhere else: some of it is new
            more["offset"] += 1
            found.append(value(np.concatenate([again, more]), source, partition, life))
    return found


def messages(given: Sequence[bytes]) -> list[Message]:
    next_offset, found = [0, 0], []
    for number, raw in enumerate(given):
        partition = number % 3 % 2
        found.append(Message(partition, next_offset[partition], raw))
        next_offset[partition] += 1
    return found


def one_by_one(folder: Path, given: Sequence[Message]) -> dict[bytes, bytes]:
    store, entities = LinkStore(folder), EntityStore(LAG_MS)
    entities.open(store)
    for message in given:
        unpacking = Unpacking(TOPIC, LIFE, store.applied)
        records = unpacking.records([message])
        store.write(chain(entities.apply(records) if records else (), unpacking.marks()))
    return closed(store)


def closed(store: LinkStore) -> dict[bytes, bytes]:
    found = dict(store.items())
    store.close()
    return found
