"""Loading all links of a real topic at once, also by workers that are killed while they do."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from stream.worker.linkload import SCRATCH
from stream.worker.linkstore import LinkStore
from tests.stream.worker.linkloader import LinkLoader, load
from tests.stream.worker.linktopic import closed, value
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.test_entityload import DAY_MS, history

pytestmark = pytest.mark.kafka


@pytest.fixture
def links(kafka) -> Iterator[tuple[str, str]]:
    """A topic of one partition with links of 100,000 events."""
    topic = f"t{time.time_ns():x}.links"
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 2})
    for made in admin.create_topics([NewTopic(topic, 1, 1)]).values():
        made.result(30)
    send(kafka, topic, 0, 250)
    yield kafka, topic
    WorkerProcess.kill_all()


def send(brokers: str, topic: str, first: int, n: int) -> None:
    producer = Producer({"bootstrap.servers": brokers, "log_level": 2})
    for number, rows in enumerate(history(5, n, 800, 200_000, DAY_MS)):
        rows["offset"] += 1_000 * first
        chance = np.random.default_rng(first + number)
        rows["tokens"][:, :2] = chance.integers(0, 1 << 63, (len(rows), 2))
        producer.produce(topic, value(rows), partition=0)
        producer.poll(0)
    assert producer.flush(60) == 0


def test_a_kill_while_it_loads_leaves_nothing_that_counts(links, tmp_path):
    brokers, topic = links
    load(brokers, topic, tmp_path / "whole" / "links", load_from_bytes=1)
    expected = closed(LinkStore(tmp_path / "whole" / "links"))
    assert len(expected) > 100_000
    folder = tmp_path / "killed" / "links"
    for phase in ("touches", "*.sst", "told", "*.sst", "touches"):
        loader = LinkLoader(brokers, topic, folder)
        loader.start()
        while not list(folder.parent.glob(f"{SCRATCH}*/{phase}")):
            assert loader.alive()
            time.sleep(0.001)
        time.sleep(0.05)
        loader.kill()
        assert closed(LinkStore(folder)) in ({}, expected)
    loader = LinkLoader(brokers, topic, folder)
    loader.start()
    assert loader.wait() == 0
    assert closed(LinkStore(folder)) == expected
    assert not list(folder.parent.glob(f"{SCRATCH}*"))


def test_it_holds_what_a_store_holds_that_was_filled_as_records_came(links, tmp_path):
    brokers, topic = links
    send(brokers, topic, 250, 5)
    sizes = [load(brokers, topic, tmp_path / str(at) / "links", at) for at in (1 << 40, 1)]
    assert sizes == [255, 255]
    slow, quick = (closed(LinkStore(tmp_path / str(at) / "links")) for at in (1 << 40, 1))
    assert slow.keys() == quick.keys()
    named = [key for key in slow if key[:1] != b"n"]
    assert [slow[key] for key in named] == [quick[key] for key in named]
