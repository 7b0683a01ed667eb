"""An empty store is filled with all links of the topic at once, and holds what it would else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stream.worker.entities import EntityStore
from stream.worker.linkload import SCRATCH
from stream.worker.linkrecords import LINKS_HEADER, LINKS_VERSION
from stream.worker.links import LinkReader
from stream.worker.linkstore import LinkStore
from stream.worker.stages import Stages
from tests.stream.worker.linkloader import LAG_MS, LIFE
from tests.stream.worker.linktopic import (
    TOPIC,
    Message,
    Topic,
    closed,
    messages,
    one_by_one,
    values,
)


class Run:
    """A reader of a consumer that is read until ``until`` says so, or it fails."""

    def __init__(
        self,
        folder: Path,
        consumer: Topic,
        load_from_bytes: int = 1,
        until: Callable[[LinkReader], bool] = lambda reader: reader.caught_up,
        sink: EntityStore | None = None,
    ):
        self.failures: list[str] = []
        self.n_read = 0
        with ThreadPoolExecutor(1) as compute:
            reader = LinkReader(
                "127.0.0.1:9", TOPIC, 2, LIFE, folder, sink or EntityStore(LAG_MS), compute,
                Stages(), lambda sentence, error: self.failures.append(sentence), self._on_read,
                load_from_bytes=load_from_bytes,
            )  # fmt: skip
            reader._consumer.close()
            reader._consumer = consumer
            reader.start()
            deadline = time.monotonic() + 60
            while not until(reader) and not self.failures:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            reader.stop()

    def _on_read(self, n: int) -> None:
        self.n_read += n


class Loads(EntityStore):
    """Counts how often it is to fill an empty store."""

    n = 0

    def load(self, scratch):
        self.n += 1
        return super().load(scratch)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_stored_is_what_records_that_come_one_by_one_leave(tmp_path, seed):
    given, sink = messages(values(seed)), Loads(LAG_MS)
    run = Run(tmp_path / "links", Topic(given), sink=sink)
    assert run.failures == []
    assert run.n_read == len(given)
    assert sink.n == 1
    expected = one_by_one(tmp_path / "expected", given)
    assert {key[:2] for key in expected} >= {b"\xff\xff"}
    assert closed(LinkStore(tmp_path / "links")) == expected
    assert not list(tmp_path.glob(f"{SCRATCH}*"))


def test_the_reader_goes_on_behind_what_it_has_loaded(tmp_path):
    given, sink = messages(values(1)), Loads(LAG_MS)
    topic = Topic(given, end=40, n_each=1)
    Run(tmp_path / "links", topic, until=lambda reader: not topic._messages, sink=sink)
    assert sink.n == 1
    loaded = closed(LinkStore(tmp_path / "links"))
    assert loaded == one_by_one(tmp_path / "expected", given)


@pytest.mark.parametrize("load_from_bytes", [1 << 30, 1])
def test_little_is_applied_as_it_comes_and_so_is_what_comes_to_a_store_that_has_some(
    tmp_path, load_from_bytes
):
    given = messages(values(2))
    if load_from_bytes == 1:
        one_by_one(tmp_path / "links", given[:20])
    sink = Loads(LAG_MS)
    run = Run(tmp_path / "links", Topic(given, n_each=1), load_from_bytes, sink=sink)
    assert run.n_read == len(given)
    assert sink.n == 0
    expected = one_by_one(tmp_path / "expected", given)
    assert closed(LinkStore(tmp_path / "links")).keys() == expected.keys()


@pytest.mark.parametrize(
    ("rubbish", "sentence"),
    [
        (b"\x09" + bytes(60), "app.links, partition 0, offset 9: its layout has version 9"),
        (b"\x01", "app.links, partition 0, offset 9: a value of 1 bytes is no record of links"),
        (None, "app.links, partition 0, offset 9: a value of 0 bytes is no record of links"),
        (
            LINKS_HEADER.pack(LINKS_VERSION, 0, 0, 7, 5_000, 9_000) + b"x",
            "offset 9: 1 bytes are not a multiple of the",
        ),
    ],
)
@pytest.mark.parametrize("load_from_bytes", [1 << 30, 1])
def test_rubbish_ends_the_worker_with_a_sentence_and_nothing_is_stored(
    tmp_path, rubbish, sentence, load_from_bytes
):
    given = [Message(0, n, raw) for n, raw in enumerate([*values(3)[:9], rubbish])]
    (said,) = Run(tmp_path / "links", Topic(given), load_from_bytes).failures
    assert sentence in said
    assert said.startswith("reading app.links failed: ")
    assert closed(LinkStore(tmp_path / "links")) == {}
    assert not list(tmp_path.glob(f"{SCRATCH}*"))


def test_a_worker_that_has_to_end_while_it_loads_stores_nothing(tmp_path):
    topic = Topic(messages(values(4)), n_each=1)
    topic._ends[0] += 1  # it waits for one more
    run = Run(tmp_path / "links", topic, until=lambda reader: not topic._messages)
    assert run.failures == []
    assert run.n_read > 0
    assert closed(LinkStore(tmp_path / "links")) == {}


def test_what_a_killed_worker_has_left_is_removed(tmp_path):
    (tmp_path / f"{SCRATCH}0123").mkdir()
    (tmp_path / f"{SCRATCH}0123" / "touches").write_bytes(b"rest")
    Run(tmp_path / "links", Topic([]))
    assert not list(tmp_path.glob(f"{SCRATCH}*"))
