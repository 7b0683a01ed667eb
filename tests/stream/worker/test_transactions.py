"""Events that a producer wrote in a transaction count once it is committed, and else never."""

import time

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from confluent_kafka import Producer

from stream.worker.fetched import unpacked
from stream.worker.processor import SOURCES
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop
from topics.consuming import read_topic

PLACE = TopicPartition("shop.orders", 0)
CONTROL = 0x20
ABORT, COMMIT = b"\0\0\0\0", b"\0\0\0\1"


def batch(first: int, producer: int, keys: list[bytes], *, marker: bool = False) -> bytes:
    """Return records of a transaction of a producer, or the marker at its end."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=1, producer_id=producer, producer_epoch=0,
        base_sequence=0, batch_size=1 << 20,
    )  # fmt: skip
    for number, key in enumerate(keys):
        builder.append(number, 1, key=key, value=b"%d" % number, headers=[])
    data = bytearray(builder.build())
    data[:8] = first.to_bytes(8, "big")
    data[22] |= CONTROL if marker else 0
    return bytes(data)


@pytest.mark.parametrize(
    ("level", "expected"),
    [(READ_COMMITTED, [2, 3, 7, 9]), (READ_UNCOMMITTED, [0, 1, 2, 3, 5, 7, 9])],
)
def test_records_of_an_aborted_transaction_are_left_out_up_to_its_marker(level, expected):
    data = (
        batch(0, 7, [b"a", b"b"])  # aborted
        + batch(2, 8, [b"c", b"d"])
        + batch(4, 8, [COMMIT], marker=True)
        + batch(5, 7, [b"e"])  # aborted
        + batch(6, 7, [ABORT], marker=True)
        + batch(7, 7, [b"f"])
        + batch(8, 7, [COMMIT], marker=True)
        + batch(9, -1, [b"g"])
    )
    parts = PartitionRecords(PLACE, MemoryRecords(data), [(7, 0)], 0, None, None, False, level)
    assert [record.offset for record in unpacked(parts)] == expected
    assert parts.next_fetch_offset == 10


@pytest.mark.kafka
def test_a_worker_and_a_replay_read_the_same_of_committed_aborted_and_open_transactions(
    shop, tmp_path
):
    producer = Producer(
        {
            "bootstrap.servers": shop.brokers,
            "transactional.id": f"{shop.prefix}shop",
            "transaction.timeout.ms": 60_000,
            "partitioner": "murmur2_random",
            "log_level": 2,
        }
    )
    producer.init_transactions(30)
    topic = shop.prefix + SOURCES[0]

    def transaction(name: bytes) -> None:
        producer.begin_transaction()
        for number in range(200):
            producer.produce(topic, key=b"u%d" % (number % 50), value=b"%d|%b" % (number, name))
        assert producer.flush(30) == 0

    shop.send(100)
    transaction(b"aborted")
    producer.abort_transaction(30)
    transaction(b"committed")
    producer.commit_transaction(30)
    shop.send(100, seed=1)
    transaction(b"aborted")
    producer.abort_transaction(30)
    transaction(b"open")
    worker = WorkerProcess(shop.settings(tmp_path, watchdog_s=1.0, poll_max_records=10))
    worker.start()
    worker.wait_until_ready()
    wait_for_outputs(shop, worker, 400)
    time.sleep(2)  # what is left to read are no records: the watchdog has nothing to complain of
    assert worker.alive(), worker.tail()
    assert shop.n_outputs() == 400
    producer.abort_transaction(30)
    shop.send(50, seed=2)
    wait_for_outputs(shop, worker, 450)
    assert worker.stop() == 0
    replayed = [value for taken in read_topic(shop.brokers, topic) for value in taken.values]
    assert sum(b"|committed" in value for value in replayed) == 200
    assert not [value for value in replayed if b"aborted" in value or b"open" in value]
    assert len(replayed) == 450
    assert sorted(
        name.split(b"|")[1] for name, counts in shop.outputs().items() for _ in counts
    ) == sorted(value.split(b"|")[0] for value in replayed)


def wait_for_outputs(shop: Shop, worker: WorkerProcess, n: int) -> None:
    deadline = time.monotonic() + 30
    while shop.n_outputs() < n:
        assert worker.alive(), worker.tail()
        assert time.monotonic() < deadline, f"{shop.n_outputs()}\n{worker.tail()}"
        time.sleep(0.05)
