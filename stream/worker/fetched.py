"""Records of a fetch as columns, taken from aiokafka's buffers without an object for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Fetched:
    """Records of one partition from one poll, as columns, with the generation that held it.

    ``end`` is the offset that the next poll will begin with, ``highwater`` the partition's end.
    """

    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    keys: list[bytes | None]
    values: list[bytes | None]
    end: int
    generation: int
    highwater: int


def take(fetched: FetchResult, room: int) -> list[Any]:
    """Take up to ``room`` records from a fetched partition and move its position behind them."""
    parts = fetched._partition_records
    if parts is not None:
        # aiokafka's own iterator, never begun, holds the object that holds it. It would keep the
        # bytes of every fetch until Python looks for cycles among old objects, so hardly ever.
        parts._records_iterator = None
    if not fetched.check_assignment(fetched._topic_partition) or not fetched.has_more():
        return []
    if parts.__dict__.get("_unpacking") is None:
        parts._unpacking = unpacked(parts)
    records = list(islice(parts._unpacking, room))
    if len(records) == room:
        parts.next_fetch_offset = records[-1].offset + 1
        fetched._update_position()
    else:
        fetched._update_position()
        fetched._partition_records = None
    return records


def unpacked(parts: PartitionRecords) -> Iterator[Any]:
    """Yield the records of a fetch in aiokafka's low-level form; control records are left out."""
    batches = parts._records
    while batches.has_next():
        batch = batches.next_batch()
        if parts._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"invalid checksum in {parts._tp}")
        if not batch.is_control_batch:
            wanted = parts.next_fetch_offset
            for record in batch:
                if record.offset >= wanted:  # a fetch begins with the batch around its offset
                    yield record
        parts.next_fetch_offset = batch.next_offset
