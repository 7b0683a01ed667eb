"""Records of a fetch as columns, taken from aiokafka's buffers without an object for each."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

import numpy as np
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.errors import CorruptRecordException
from numpy.typing import NDArray

PIECE: Final = 256
"""Records whose times are compared at once."""


@dataclass(frozen=True, eq=False)
class Fetched:
    """Records of one partition from one poll, as columns, with the generation that held it.

    ``end`` is the offset that the next poll will begin with, ``highwater`` the partition's end,
    see `readable_end`.
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
    """Yield the records of a fetch in aiokafka's low-level form.

    Control records are left out, and where only committed records are asked for those of aborted
    transactions: a broker names their producers and leaves the choice to the reader.
    """
    batches = parts._records
    while batches.has_next():
        batch = batches.next_batch()
        if parts._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"invalid checksum in {parts._tp}")
        if not _is_aborted(parts, batch) and not batch.is_control_batch:
            wanted = parts.next_fetch_offset
            for record in batch:
                if record.offset >= wanted:  # a fetch begins with the batch around its offset
                    yield record
        parts.next_fetch_offset = batch.next_offset


def _is_aborted(parts: PartitionRecords, batch: Any) -> bool:
    """Tell whether a batch is of an aborted transaction; takes note of markers on the way."""
    if parts._isolation_level != READ_COMMITTED or batch.producer_id is None:
        return False
    parts._consume_aborted_up_to(batch.base_offset)
    if not parts._aborted_producers:
        return False
    if batch.is_control_batch and parts._contains_abort_marker(batch):
        parts._aborted_producers.discard(batch.producer_id)
    return bool(batch.is_transactional and batch.producer_id in parts._aborted_producers)


def at_end(assignment: Assignment | None, place: TopicPartition) -> bool:
    """Tell whether an assigned partition has been read up to its `readable_end`."""
    if assignment is None or place not in assignment.tps:
        return False
    state = assignment.state_value(place)
    return state.has_valid_position and bool(state.position >= readable_end(state))


def readable_end(state: Any) -> int:
    """Return where a partition ends for us: before the first transaction that is still open.

    0 where nothing has been fetched yet. The embedded broker gives -1 as that end, or none.
    """
    known = state.lso is not None and state.lso >= 0
    return int((state.lso if known else state.highwater) or 0)
