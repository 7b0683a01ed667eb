"""Taking records from what was fetched."""

import asyncio
import gc
import weakref
from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from stream.worker.fetched import take

PLACE = TopicPartition("shop.orders", 0)


def fetched(n: int, position: int = 0, times: Sequence[int] = (), gap: int = 0) -> FetchResult:
    return asyncio.run(fetched_on_a_loop(n, position, times or [1] * n, gap))


async def fetched_on_a_loop(n: int, position: int, times: Sequence[int], gap: int) -> FetchResult:
    """What aiokafka keeps of a fetch of ``n`` records, for a consumer that is at ``position``.

    With a ``gap`` as many offsets are missing in the middle, between two batches.
    """
    parts = [range(n)] if not gap else [range(n // 2), range(n // 2, n)]
    data = b""
    for part in parts:
        builder = DefaultRecordBatchBuilder(
            magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1,
            base_sequence=-1, batch_size=1 << 20,
        )  # fmt: skip
        for number in part:
            value = b"%d" % number
            builder.append(number - part[0], times[number], key=b"k", value=value, headers=[])
        batch = bytearray(builder.build())
        batch[:8] = (part[0] + (gap if part[0] else 0)).to_bytes(8, "big")  # as the broker does
        data += bytes(batch)
    assignment = Assignment([PLACE])
    assignment.state_value(PLACE).seek(position)
    records = MemoryRecords(data)
    fetched = PartitionRecords(PLACE, records, [], 0, None, None, True, 0)
    return FetchResult(PLACE, assignment=assignment, partition_records=fetched, backoff=0)


def test_records_come_in_order_and_as_many_as_there_is_room_for():
    result = fetched(10)
    assert [record.offset for record in take(result, 4)] == [0, 1, 2, 3]
    assert result.has_more()
    assert [record.value for record in take(result, 100)] == [b"%d" % n for n in range(4, 10)]
    assert not result.has_more()


@pytest.mark.parametrize(("position", "n_taken"), [(0, 10), (3, 0)])
def test_what_was_fetched_is_freed_at_once_and_not_by_the_garbage_collector(position, n_taken):
    result = fetched(10, position)
    kept = weakref.ref(result._partition_records)
    gc.disable()
    try:
        assert len(take(result, 100)) == n_taken
        assert kept() is None
    finally:
        gc.enable()


def position_of(result: FetchResult) -> int:
    return result._assignment.state_value(PLACE).position


@pytest.mark.parametrize("piece", [1, 3, 256])
def test_records_of_later_times_are_left_for_later(monkeypatch, piece):
    monkeypatch.setattr("stream.worker.fetched.PIECE", piece)
    result = fetched(10, times=range(100, 110))
    asked = []

    def until(next_ms: float, limit_ms: float) -> float:
        asked.append(next_ms)
        return limit_ms

    for room, limit_ms, expected in (
        (100, 99, []), (100, 103, [0, 1, 2, 3]), (100, 103, []), (2, 108, [4, 5]),
        (100, 107, [6, 7]), (100, 1_000, [8, 9]),
    ):  # fmt: skip
        first = position_of(result)
        taken = take(result, room, lambda next_ms, limit=limit_ms: until(next_ms, limit))
        assert [record.offset for record in taken] == expected
        assert position_of(result) == first + len(expected)
        assert asked[-1] == 100 + first
    assert not result.has_more()


def test_a_partition_whose_later_records_wait_may_be_sought():
    result = fetched(10, times=range(100, 110))
    take(result, 100, lambda next_ms: 103)
    result._assignment.state_value(PLACE).seek(0)
    assert take(result, 100) == []
    assert not result.has_more()


@pytest.mark.parametrize("piece", [1, 3, 256])
def test_what_is_left_for_later_comes_before_the_next_batch(monkeypatch, piece):
    monkeypatch.setattr("stream.worker.fetched.PIECE", piece)
    result = fetched(10, times=range(100, 110), gap=20)
    for limit_ms, expected, position in (
        (102, [0, 1, 2], 3), (105, [3, 4, 25], 26), (105, [], 26), (107, [26, 27], 28),
        (200, [28, 29], 30),
    ):  # fmt: skip
        taken = take(result, 100, lambda next_ms, limit=limit_ms: limit)
        assert [record.offset for record in taken] == expected
        assert position_of(result) == position
    assert not result.has_more()
