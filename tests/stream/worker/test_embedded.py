"""A worker on the broker inside librdkafka, which the demo and quick tests use."""

import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from stream.worker.processor import SOURCES
from stream.worker.settings import WorkerSettings
from tests.stream.worker.counting import OUTPUT
from tests.stream.worker.process import OUTPUTS, WorkerProcess

N_PARTITIONS = 4  # librdkafka gives a topic that it makes by itself so many


@pytest.fixture
def embedded():
    """Address of an embedded broker, with the input topics filled: 400 events."""
    keeper = Producer({"bootstrap.servers": "127.0.0.1:9", "test.mock.num.brokers": 1})
    address = next(iter(keeper.list_topics(timeout=10).brokers.values()))
    brokers = f"{address.host}:{address.port}"
    producer = Producer({"bootstrap.servers": brokers, "partitioner": "murmur2_random"})
    for topic in (*SOURCES, *OUTPUTS):
        producer.list_topics(topic, timeout=10)
    for number in range(400):
        producer.produce(SOURCES[number % 4], key=b"u%d" % (number % 10), value=b"%d|" % number)
    assert producer.flush(20) == 0
    yield brokers
    worker = WorkerProcess.all.pop()
    if worker.alive():
        worker.kill()


def n_records(brokers: str, topic: str) -> int:
    reader = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "log_level": 2})
    tps = [TopicPartition(topic, p) for p in range(N_PARTITIONS)]
    n = sum(reader.get_watermark_offsets(tp, timeout=10)[1] for tp in tps)
    reader.close()
    return n


def test_a_worker_decides_everything_on_the_embedded_broker_and_stops(embedded, tmp_path):
    settings = WorkerSettings(
        brokers=embedded, application="demo", partitions=N_PARTITIONS, data_dir=tmp_path,
        embedded_broker=True, session_timeout_s=6.0,
    )  # fmt: skip
    worker = WorkerProcess(settings, links=True)
    worker.start()
    deadline = time.monotonic() + 40
    while n_records(embedded, OUTPUT) < 400:
        assert worker.alive(), worker.tail()
        assert time.monotonic() < deadline, worker.tail()
        time.sleep(0.1)
    assert worker.stop() == 0
    assert worker.stats()["events"] == 400
    assert n_records(embedded, "demo.changelog") >= 10
