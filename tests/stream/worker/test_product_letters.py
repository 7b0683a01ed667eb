"""Every kind of bad record among good ones, through a real broker to the dead letters."""

from collections import Counter

import orjson
import pytest
from confluent_kafka import Producer

from tests.stream.worker.market import Market
from tests.stream.worker.process import WorkerProcess
from tests.topics.malformed import GOOD, KINDS, LABELS, RECORD_MS, Kind
from topics.catalog import BROWSING, ORDERS, REVIEWS
from topics.consuming import read_topic
from topics.letters import KEPT_KEY_BYTES, KEPT_VALUE_BYTES

pytestmark = pytest.mark.kafka

TOO_LONG = Kind("a megabyte of text", REVIEWS, b"u-1",
                orjson.dumps(GOOD[REVIEWS] | {"text": "x" * 1_040_000}), "too_large")  # fmt: skip
MORE = [
    TOO_LONG,
    Kind("a tombstone of an order", ORDERS, b"u-1", None, "empty"),
    Kind("a tombstone without a key", ORDERS, None, None, "empty"),
    Kind("an order without a key", ORDERS, None, orjson.dumps(GOOD[ORDERS]), "wrong_key"),
    Kind("a review under its order's key", REVIEWS, b"o-1", orjson.dumps(GOOD[REVIEWS]),
         "wrong_key"),
    Kind("a browse event among the reviews", REVIEWS, b"u-1",
         orjson.dumps(GOOD[BROWSING] | {"type": "browse"}), "wrong_topic"),
    Kind("a label among the orders", ORDERS, b"u-1", orjson.dumps(GOOD[LABELS]), "missing_field"),
    Kind("a key that is not UTF-8", BROWSING, b"\xff\xfe", orjson.dumps(GOOD[BROWSING]),
         "wrong_key"),
]  # fmt: skip
TABLE = [*KINDS, *MORE]


@pytest.fixture(scope="module")
def market(kafka, tmp_path_factory):
    """A market whose worker has worked off all kinds, each behind and before a good record."""
    market = Market(kafka)
    for number, kind in enumerate(TABLE):
        good(market, kind.topic, 2 * number)
        market.put(kind.topic, kind.key, kind.value, RECORD_MS)
        good(market, kind.topic, 2 * number + 1)
    market.flush()
    worker = market.worker(tmp_path_factory.mktemp("state"))
    worker.start()
    worker.wait_until_ready()
    market.wait_until_done(market.application, worker, 240)
    assert worker.stop() == 0
    yield market
    WorkerProcess.kill_all()


def good(market: Market, topic: str, number: int) -> None:
    """Put a good record of the topic, with an id of its own, of the user of the bad ones."""
    name = "label_id" if topic == LABELS else "event_id"
    record = GOOD[topic] | {name: f"good-{number}"}
    market.put(topic, b"u-1", orjson.dumps(record), RECORD_MS)


def places(market: Market, topic: str) -> dict[tuple[int, int], tuple[bytes | None, bytes | None]]:
    """Return key and value of every record of an input topic, by partition and offset."""
    return {
        (partition, offset): (key, value)
        for taken in read_topic(market.brokers, market.prefix + topic)
        for partition, offset, key, value in zip(
            taken.partitions, taken.offsets, taken.keys, taken.values, strict=True
        )
    }


def test_there_is_one_dead_letter_for_every_bad_record(market):
    found = [(letter.topic, letter.key, letter.value) for letter in market.letters()]
    assert len(TABLE) > 130
    wanted = [(kind.topic, kind.key, kind.value) for kind in TABLE]
    for letter in found:
        wanted.remove(letter)
    assert not wanted


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_a_bad_record_gets_its_reason(market, kind):
    letters = letters_of(market)
    assert {letter.reason for letter in letters[kind.topic, kind.key, kind.value]} == {kind.reason}


def letters_of(market: Market):
    if not hasattr(market, "found"):
        market.found = {}
        for letter in market.letters():
            market.found.setdefault((letter.topic, letter.key, letter.value), []).append(letter)
    return market.found


def test_a_dead_letter_says_where_its_record_lies_and_carries_it_whole(market):
    inputs = {topic: places(market, topic) for topic in GOOD}
    for letter in market.letters():
        key, value = inputs[letter.topic][letter.partition, letter.offset]
        assert (letter.key, letter.value) == (key, value)
        assert letter.detail.endswith(".")


def test_the_good_records_around_the_bad_ones_are_decided_once(market):
    said = market.decisions()
    wanted = {
        f"good-{2 * number + after}"
        for number, kind in enumerate(TABLE)
        if kind.topic != LABELS
        for after in (0, 1)
    }
    assert said.keys() == wanted
    assert {len(decisions) for decisions in said.values()} == {1}
    assert market.counters()["u-1"]["n_events"] == len(wanted)


def test_dead_letters_lie_on_the_partition_of_their_key(market):
    for taken in read_topic(market.brokers, market.prefix + "risk.deadletter"):
        for value, partition in zip(taken.values, taken.partitions, strict=True):
            assert orjson.loads(value)["partition"] == partition


def test_a_topic_of_nothing_but_bad_records_stops_the_worker_with_a_sentence(kafka, tmp_path):
    market = Market(kafka)
    for number in range(300):
        market.put(ORDERS, b"u-1", b'{"order": %d}' % number)
    market.flush()
    worker = market.worker(tmp_path, dead_letter_limit=200)
    worker.start()
    assert worker.wait(120) == 65
    sentence = worker.new_log().splitlines()[-1]
    assert "shop.orders" in sentence
    assert "more than the limit of 200" in sentence
    assert not market.letters(), "the batch beyond the limit is not acknowledged"
    WorkerProcess.kill_all()


def test_compressed_records_are_read_and_what_no_letter_holds_whole_is_cut(kafka, tmp_path):
    market = Market(kafka)
    long_key, long_value = b"k" * 900_000, b"x" * 2_000_000
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        producer = Producer(
            {"bootstrap.servers": market.brokers, "compression.type": codec, "linger.ms": 20,
             "message.max.bytes": 8_000_000}
        )  # fmt: skip
        topic = market.prefix + ORDERS
        for number in range(20):
            record = GOOD[ORDERS] | {"event_id": f"{codec}-{number}"}
            producer.produce(topic, orjson.dumps(record), b"u-1", timestamp=RECORD_MS)
        producer.produce(topic, b"{}", long_key, timestamp=RECORD_MS)
        producer.produce(topic, long_value, b"u-1", timestamp=RECORD_MS)
        producer.flush(30)
    worker = market.worker(tmp_path)
    worker.start()
    worker.wait_until_ready()
    market.wait_until_done(market.application, worker, 120)
    assert worker.stop() == 0
    assert len(market.decisions()) == 80
    letters = list(market.letters())
    assert Counter(letter.reason for letter in letters) == {"missing_field": 4, "too_large": 4}
    for letter in letters:
        if letter.reason == "too_large":
            assert letter.value == long_value[:KEPT_VALUE_BYTES]
            assert "2000000 bytes the first 1048588 are kept here." in letter.detail
        else:
            assert letter.key == long_key[:KEPT_KEY_BYTES]
            assert "900000 bytes the first 131072 are kept here." in letter.detail
    WorkerProcess.kill_all()
