"""Events that a broker removed before they were read do not vanish without a trace."""

import logging
import re
import signal
import time

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from faust.types import TP

from stream.worker.processor import SOURCES
from stream.worker.retention import Retention
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.test_endpoints import free_port, get

PLACE = TP("shop.orders", 1)


def test_offsets_that_were_removed_are_counted_and_logged_once(caplog):
    told = []
    retention = Retention(lambda topic, n: told.append((topic, n)))
    with caplog.at_level(logging.ERROR):
        retention.resume({PLACE: 70}, {PLACE: 100})
        retention.check(PLACE, 100)
    assert told == [("shop.orders", 30)]
    (said,) = caplog.messages
    assert said.startswith("shop.orders, partition 1 goes on at offset 100 where 70 was next: ")


@pytest.mark.parametrize("committed", [-1, 100, 130])
def test_a_start_at_the_committed_offset_or_at_the_first_one_ever_loses_nothing(committed):
    told = []
    retention = Retention(lambda topic, n: told.append(n))
    retention.resume({PLACE: committed}, {PLACE: max(committed, 100)})
    retention.check(PLACE, max(committed, 100))
    retention.read_to(PLACE, 150)
    retention.check(PLACE, 150)
    retention.check(PLACE, 120)  # read again
    assert told == []


def remove(brokers: str, topic: str, before: dict[int, int]) -> None:
    """Make the broker remove what its retention would."""
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 2})
    wanted = [TopicPartition(topic, number, offset) for number, offset in before.items()]
    for future in admin.delete_records(wanted).values():
        future.result(30)


def skipped(port: int) -> float:
    pattern = r'riskstream_offsets_skipped_total\{topic="shop.orders"\} (\S+)'
    found = re.search(pattern, get(port, "/metrics")[1])
    return float(found[1]) if found else 0.0


@pytest.mark.kafka
def test_a_worker_counts_what_was_removed_while_it_was_away_and_while_it_fell_behind(
    shop, tmp_path
):
    port = free_port()
    worker = WorkerProcess(shop.settings(tmp_path, http_port=port))
    topic = shop.prefix + SOURCES[0]
    shop.send(400)
    worker.start()
    worker.wait_until_ready()
    shop.wait_until_done(worker.settings.application, worker)
    assert skipped(port) == 0
    assert worker.stop() == 0
    ends = shop._ends(topic, shop._watcher)
    shop.send(400)
    remove(shop.brokers, topic, {number: end + 10 for number, end in ends.items()})
    worker.start()
    worker.wait_until_ready()
    shop.wait_until_done(worker.settings.application, worker)
    assert skipped(port) == 10 * len(ends)
    for number, end in ends.items():
        assert (
            f"{topic}, partition {number} goes on at offset {end + 10} where {end} was next"
            in worker.new_log()
        )
    worker.signal(signal.SIGSTOP)
    shop.send(4_000)
    remove(shop.brokers, topic, dict.fromkeys(ends, -1))
    worker.signal(signal.SIGCONT)
    shop.send(40)
    deadline = time.monotonic() + 20
    while skipped(port) == 10 * len(ends):
        assert time.monotonic() < deadline, worker.tail()
        time.sleep(0.1)
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0
