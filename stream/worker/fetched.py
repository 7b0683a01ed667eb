"""Records of a fetch as columns, taken from aiokafka's buffers without an object for each."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import numpy as np
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from numpy.typing import NDArray

PIECE: Final = 256
"""Records whose times are compared at once."""


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


def take(
    fetched: FetchResult, room: int, until: Callable[[float], float] = lambda next_ms: math.inf
) -> list[Any]:
    """Take up to ``room`` records from a fetched partition and move its position behind them.

    ``until`` says up to which time, in ms, where the next record is of the time it is given.
    """
    parts = fetched._partition_records
    if parts is not None:
        # aiokafka's own iterator, never begun, holds the object that holds it. It would keep the
        # bytes of every fetch until Python looks for cycles among old objects, so hardly ever.
        parts._records_iterator = None
    if not fetched.check_assignment(fetched._topic_partition) or not fetched.has_more():
        return []
    if parts.__dict__.get("_unpacking") is None:
        parts._unpacking, parts._left, parts._unpacked_to = unpacked(parts), [], 0
    left = iter(parts._left)
    records, later = _taken(chain(left, parts._unpacking), room, until)
    parts._left = [*later, *left]
    parts._unpacked_to = max(parts._unpacked_to, parts.next_fetch_offset)
    has_more = bool(later) or len(records) == room
    if has_more:
        parts.next_fetch_offset = later[0].offset if later else records[-1].offset + 1
    else:
        parts.next_fetch_offset = parts._unpacked_to
    fetched._update_position()
    if not has_more:
        fetched._partition_records = None
    return records


def _taken(
    source: Iterator[Any], room: int, until: Callable[[float], float]
) -> tuple[list[Any], list[Any]]:
    """Take records up to a time, and those that had to be looked at to find out."""
    records = list(islice(source, 1))
    limit_ms = until(records[0].timestamp) if records else math.inf
    if records and records[0].timestamp > limit_ms:
        return [], records
    while piece := list(islice(source, min(PIECE, room - len(records)))):
        if piece[-1].timestamp > limit_ms:
            n = next(i for i, record in enumerate(piece) if record.timestamp > limit_ms)
            return records + piece[:n], piece[n:]
        records += piece
    return records, []


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
