"""A worker that starts while Kafka is away: one sentence, and a code that asks for a restart."""

import sys
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from stream.worker import run
from stream.worker.producer import Producer
from stream.worker.settings import WorkerSettings
from tests.stream.worker.counting import Counting

NOBODY = "127.0.0.1:1"


class SilentCluster:
    """Stands for a cluster that answered at first and then went away."""

    def __init__(self, settings: WorkerSettings) -> None:
        pass

    def prepare(self, outputs: Any) -> None:
        pass

    def lives(self, topics: Any) -> dict[str, int]:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


def start(folder: Path) -> int:
    """Run a worker where no broker is and return its exit code."""
    before = sys.getswitchinterval()
    try:
        return run.run(
            WorkerSettings(brokers=NOBODY, data_dir=folder, partitions=2, uvloop=False), Counting()
        )
    finally:
        sys.setswitchinterval(before)


def sentence(capfd: pytest.CaptureFixture[str]) -> str:
    (line,) = [text for text in capfd.readouterr().err.splitlines() if "stopped" in text]
    return line


def test_a_broker_that_is_away_at_the_start_asks_for_a_restart(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("topics.kafka.REACH_S", 0.3)
    assert start(tmp_path) == 70
    error = capfd.readouterr().err
    assert error.startswith(f"The worker stopped: cannot reach Kafka at {NOBODY}; start it or give")
    assert error.count("\n") == 1


def test_a_broker_that_goes_before_the_producer_connects_asks_for_a_restart(
    tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr(run, "Cluster", SilentCluster)
    assert start(tmp_path) == 70
    assert sentence(capfd).startswith(f"The worker stopped: cannot reach Kafka at {NOBODY} (Kafka")


def test_a_broker_that_goes_before_it_tells_of_its_topics_asks_for_a_restart(
    tmp_path, capfd, monkeypatch
):
    async def start_producer(producer: Producer, topics: Any) -> None:
        pass

    monkeypatch.setattr(run, "Cluster", SilentCluster)
    monkeypatch.setattr(Producer, "start", start_producer)
    assert start(tmp_path) == 70
    assert sentence(capfd) == (
        f"The worker stopped: cannot reach Kafka at {NOBODY} (Local: Timed out)"
    )
