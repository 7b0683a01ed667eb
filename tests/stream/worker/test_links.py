"""The reader of the links topic: what its consumer's errors lead to, and how far it is behind."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from confluent_kafka import KafkaError

from stream.worker.catchup import wait_for_links
from stream.worker.damage import DamagedStoreError
from stream.worker.linkerrors import ENDING, LOG_EVERY_S, LinkErrors
from stream.worker.linkrecords import LINKS_HEADER, LINKS_VERSION
from stream.worker.links import LinkReader
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from tests.stream.worker.counting import AddUp


@dataclass
class Record:
    """A message of the consumer: a record of partition 0, or an error."""

    at: int = 0
    problem: KafkaError | None = None
    version: int = LINKS_VERSION

    def error(self) -> KafkaError | None:
        return self.problem

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self.at

    def key(self) -> None:
        return None

    def value(self) -> bytes:
        rows = np.array([self.at], np.int64).tobytes()
        return LINKS_HEADER.pack(self.version, 0, 0, 7, self.at, self.at) + rows


class Scripted:
    """A consumer of one partition that returns given messages; only the broker is missing."""

    def __init__(self, *messages: Record, end_before: int = 0, end_now: int = -1001):
        self._messages, self._ends = list(messages), (end_before, end_now)

    def get_watermark_offsets(self, tp, timeout=None, cached=False):
        return 0, self._ends[cached]

    def assign(self, tps):
        pass

    def poll(self, timeout):
        return self._messages.pop(0) if self._messages else threading.Event().wait(0.01) or None

    def consume(self, n, timeout):
        return []

    def close(self):
        pass


@pytest.fixture
def read(tmp_path):
    """Read with a consumer until ``until`` is set or reading fails; return what was told."""

    def read(consumer, until="lag"):
        told = {"failures": [], "lags": []}
        done = threading.Event()

        def fail(sentence, error):
            told["failures"].append(sentence)
            done.set()

        def lag(n):
            told["lags"].append(n)
            if until == "lag":
                done.set()

        with ThreadPoolExecutor(1) as compute:
            reader = LinkReader(
                "127.0.0.1:9", "app.links", 1, 7, tmp_path / "links", AddUp(), compute, Stages(),
                fail, lambda n: done.set() if until == "record" else None, lag,
            )  # fmt: skip
            reader._consumer.close()
            reader._consumer = consumer
            reader.start()
            assert done.wait(10)
            reader.stop()
        return told

    return read


def error(code: int, text: str = "as it is") -> KafkaError:
    return KafkaError(code, text, False, True)


def test_a_reader_that_is_not_allowed_to_read_ends_the_worker_with_a_sentence(read):
    refused = Record(problem=error(KafkaError.TOPIC_AUTHORIZATION_FAILED, "not authorized"))
    assert read(Scripted(refused), until="failure")["failures"] == [
        "reading app.links failed: TOPIC_AUTHORIZATION_FAILED: not authorized"
    ]


def test_a_record_of_another_layout_ends_the_worker_with_a_sentence(read):
    (told,) = read(Scripted(Record(5, version=9)), until="failure")["failures"]
    assert "app.links, partition 0, offset 5: its layout has version 9" in told


def test_a_reader_goes_on_after_an_error_that_passes_and_says_so(read, caplog):
    moved = Record(problem=error(KafkaError.NOT_LEADER_FOR_PARTITION))
    told = read(Scripted(moved, Record(0), end_before=1), until="record")
    assert not told["failures"]
    assert "Reading app.links goes on after NOT_LEADER_FOR_PARTITION: as it is" in caplog.text


def test_the_lag_is_what_lies_between_the_position_and_the_end(read):
    assert read(Scripted(Record(0), end_before=3))["lags"] == [2]
    assert read(Scripted(Record(1), end_before=3, end_now=11))["lags"] == [9]


def test_errors_of_one_kind_are_logged_once_a_minute_with_their_number(caplog):
    errors = LinkErrors("app.links")
    with caplog.at_level(logging.WARNING):
        for second in (0, 1, 2, LOG_EVERY_S):
            errors.heed(error(KafkaError._TRANSPORT), second)
        errors.heed(error(KafkaError._ALL_BROKERS_DOWN), 3)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "Reading app.links goes on after _TRANSPORT: as it is",
        "Reading app.links goes on after _TRANSPORT: as it is (2 more since the last line)",
        "Reading app.links goes on after _ALL_BROKERS_DOWN: as it is",
    ]


@pytest.mark.parametrize("code", sorted(ENDING))
def test_an_error_that_does_not_pass_by_itself_ends_reading(code):
    with pytest.raises(RuntimeError, match="as it is"):
        LinkErrors("app.links").heed(error(code), 0.0)


def test_a_damaged_store_ends_the_worker_when_it_is_opened(tmp_path):
    class Damaged(AddUp):
        def open(self, store):
            raise DamagedStoreError("the local store links is damaged")

    said = []
    with ThreadPoolExecutor(1) as compute:
        reader = LinkReader(
            "127.0.0.1:9", "riskstream.links", 1, 7, tmp_path, Damaged(), compute, Stages(),
            lambda sentence, error: said.append(sentence),
        )  # fmt: skip
        reader.start()
        reader.stop()
    assert said == ["the local store links is damaged"]


def test_links_that_cannot_be_read_in_time_end_the_worker_with_time_and_remedy(tmp_path):
    async def wait(reader: LinkReader) -> SimpleNamespace:
        app = SimpleNamespace(finished=asyncio.Event(), settings=WorkerSettings(brokers="b:1"))

        def fail(sentence):
            app.failure = sentence
            app.finished.set()

        app.fail = fail
        await wait_for_links(reader, app, None, 0.2)
        return app

    with ThreadPoolExecutor(1) as compute:
        reader = LinkReader(
            "127.0.0.1:9", "riskstream.links", 1, 7, tmp_path, AddUp(), compute, Stages(), print
        )
        reader._consumer.close()
        reader._consumer = Scripted(Record(0), Record(1), end_before=1_200)
        reader.start()
        app = asyncio.run(wait(reader))
        reader.stop()
    assert app.starting == "reading links, 2 of 1,200"
    assert app.failure == (
        "nothing came from the topic riskstream.links for 0.2 s, 2 of 1,200 records were read; "
        "look at the brokers, and start the worker again: it goes on from what it has stored"
    )
