"""Producing to and reading from the broker inside librdkafka, and a cluster that is not there."""

import time
from collections import defaultdict
from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pytest

from tests.embedded import embedded_broker
from topics.catalog import catalogue
from topics.consuming import Taken, n_records_in, read_topic
from topics.errors import InputError
from topics.kafka import cluster
from topics.producing import Sender, produce
from topics.sorting import Timed
from topics.topicadmin import create_topics

TOPICS = ["shop.orders", "shop.browse", "shop.reviews", "risk.labels"]


@pytest.fixture(scope="module")
def embedded() -> Iterator[str]:
    """The address of a broker inside librdkafka that has the input topics."""
    with embedded_broker([*TOPICS, "empty"]) as brokers:
        yield brokers


def everything(brokers: str, topic: str, **how: int) -> Taken:
    taken = Taken([], [], [], [], [])
    for part in read_topic(brokers, topic, **how):
        for column, more in zip(taken, part, strict=True):
            column.extend(more)  # type: ignore[attr-defined]
    return taken


def event(user: str, n: int) -> bytes:
    return b'{"user_id":"%s","n":%d}' % (user.encode(), n)


def test_what_is_produced_is_read_once_and_in_order_for_each_user(embedded: str) -> None:
    n = 30_000
    values = [event(f"u{i % 97}", i) for i in range(n)]
    tags = np.arange(n, dtype=np.uint8) // 100 % 4
    told: list[int] = []
    with Sender(embedded) as sender:
        parts = [Timed(np.arange(i, i + 500), tags[i : i + 500], values[i : i + 500])
                 for i in range(0, n, 500)]  # fmt: skip
        assert produce(sender, parts, TOPICS, progress=told.append) == n
    assert sum(told) == n
    for tag, topic in enumerate(TOPICS):
        expected = [value for value, own in zip(values, tags, strict=True) if own == tag]
        taken = everything(embedded, topic, n_records=700)
        assert sorted(taken.values, key=lambda v: int(v.split(b":")[-1][:-1])) == expected  # type: ignore[union-attr]
        by_key: dict[bytes | None, list[int]] = defaultdict(list)
        partition_of: dict[bytes | None, set[int]] = defaultdict(set)
        for partition, key, value in zip(taken.partitions, taken.keys, taken.values, strict=True):
            assert value is not None
            assert key == value.split(b'"')[3]
            by_key[key].append(int(value.split(b":")[-1][:-1]))
            partition_of[key].add(partition)
        assert all(numbers == sorted(numbers) for numbers in by_key.values())
        assert all(len(places) == 1 for places in partition_of.values())
        assert n_records_in(embedded, topic) == len(expected)


def test_keys_lie_where_javas_partitioner_puts_them(embedded: str) -> None:
    with Sender(embedded) as sender:
        before = len(everything(embedded, "shop.orders").offsets)
        sender.send(
            "shop.orders", [b"foobar", b"21", b"a-little-bit-long-string"], [b"1", b"2", b"3"]
        )
    taken = everything(embedded, "shop.orders")
    assert len(taken.offsets) == before + 3
    # The 32-bit murmur2 hashes of Kafka's own test (UtilsTest.testMurmur2), made positive.
    hashes = {b"foobar": -790332482, b"21": -973932308, b"a-little-bit-long-string": -985981536}
    n_partitions = 4
    for key, partition in zip(taken.keys, taken.partitions, strict=True):
        if key in hashes:
            assert partition == (hashes[key] & 0x7FFFFFFF) % n_partitions


def test_one_partition_alone_and_an_empty_topic_can_be_read(embedded: str) -> None:
    whole = everything(embedded, "shop.browse")
    part = everything(embedded, "shop.browse", partitions=[1])
    assert set(part.partitions) == {1}
    assert len(part.offsets) == whole.partitions.count(1)
    assert everything(embedded, "empty").offsets == []


def test_what_comes_while_a_topic_is_read_is_left_out(embedded: str) -> None:
    n = len(everything(embedded, "shop.browse").offsets)
    reading = read_topic(embedded, "shop.browse", n_records=10)
    n_read = len(next(reading).offsets)
    with Sender(embedded) as sender:
        sender.send("shop.browse", [b"%d" % i for i in range(200)], [b"late"] * 200)
    left = list(reading)
    assert n_read + sum(len(part.offsets) for part in left) == n
    assert not any(b"late" in part.values for part in left)


def test_following_goes_on_after_the_end(embedded: str) -> None:
    reading = read_topic(embedded, "shop.reviews", follow=True)
    seen: list[bytes | None] = []
    began = time.monotonic()
    sent = False
    for part in reading:
        seen += part.values
        if not part.values and not sent:
            with Sender(embedded) as sender:
                sender.send("shop.reviews", [b"k"], [b"the last"])
            sent = True
        if b"the last" in seen:
            break
        assert time.monotonic() - began < 20
    reading.close()  # type: ignore[attr-defined]
    assert seen[-1] == b"the last"


def test_pacing_follows_the_time_of_the_events(embedded: str) -> None:
    values = [event("u", n) for n in range(11)]
    arrived: list[tuple[float, int]] = []
    with Sender(embedded, linger_ms=1) as sender:
        began = time.monotonic()
        part = Timed(np.arange(11) * 60_000, np.zeros(11, np.uint8), values)
        produce(
            sender, [part], TOPICS, speed=600,
            progress=lambda n: arrived.append((time.monotonic() - began, n)),
        )  # fmt: skip
    sent = 0
    for at_s, n in arrived:
        assert at_s >= sent * 0.1 - 0.001  # 10 events a second
        sent += n
    assert sent == 11
    assert 1.0 <= arrived[-1][0] < 3.0


def test_an_unknown_topic_is_named_before_anything_is_sent(embedded: str) -> None:
    with (
        Sender(embedded) as sender,
        pytest.raises(InputError, match=r"topic nowhere .* topics create"),
    ):
        sender.send("nowhere", [b"k"], [b"v"])
    with pytest.raises(InputError, match=r"topic nowhere .* topics create"):
        next(read_topic(embedded, "nowhere"))


def test_a_record_that_is_too_large_is_named(embedded: str) -> None:
    with pytest.raises(InputError, match="2000000 bytes"), Sender(embedded) as sender:
        sender.send("shop.orders", [b"k"], [b"x" * 2_000_000])


@pytest.mark.parametrize("brokers", ["127.0.0.1:1", "no-such-host.invalid:9092"])
def test_a_cluster_that_is_not_there_is_named_in_time(
    brokers: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    with pytest.raises(InputError, match=f"cannot reach Kafka at {brokers};"):
        cluster(brokers)
    assert time.monotonic() - began < 10
    monkeypatch.setattr("topics.kafka.REACH_S", 0.5)
    with pytest.raises(InputError, match=f"cannot reach Kafka at {brokers};"):
        Sender(brokers)
    with pytest.raises(InputError, match=f"cannot reach Kafka at {brokers};"):
        next(read_topic(brokers, "risk.alerts"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("brokers", ["", "host", "host:no-port", "a:1,,b:2"])
def test_addresses_that_make_no_sense_are_refused(brokers: str) -> None:
    with pytest.raises(InputError, match="must be HOST:PORT"):
        cluster(brokers)


def test_a_real_cluster_gives_records_from_a_time_on(kafka: str) -> None:
    spec = catalogue(partitions=3, prefix=f"{uuid4().hex[:8]}-")[0]
    create_topics(kafka, [spec])
    keys = [b"u%d" % n for n in range(200)]
    with Sender(kafka) as sender:
        sender.send(spec.name, keys, [b"early"] * 200)
    time.sleep(0.05)
    between_ms = time.time_ns() // 1_000_000
    with Sender(kafka) as sender:
        sender.send(spec.name, keys, [b"late"] * 200)
    assert everything(kafka, spec.name).values.count(b"early") == 200
    late = everything(kafka, spec.name, from_ms=between_ms)
    assert late.values == [b"late"] * 200
    assert sorted(late.keys) == sorted(keys)
    assert min(late.timestamps_ms) >= between_ms
    assert everything(kafka, spec.name, from_ms=between_ms + 3_600_000).values == []
    assert n_records_in(kafka, spec.name) == 400
