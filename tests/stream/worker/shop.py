"""Fills the input topics of a counting worker, reads what it wrote, and knows what is right."""

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stream.worker.envelope import unpack
from stream.worker.partition import PartitionStore
from stream.worker.processor import SOURCES
from stream.worker.rocks import block_cache
from stream.worker.settings import WorkerSettings
from tests.stream.worker.counting import OUTPUT, STATE

OUTPUTS = (OUTPUT, "risk.deadletter")
_serial = count()


@dataclass
class Shop:
    """Topics of one test, under a prefix of their own, and the reference: counts by user."""

    brokers: str
    partitions: int = 4
    prefix: str = ""
    expected: defaultdict[bytes, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0, 0])
    )
    n_sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.prefix = self.prefix or f"t{time.time_ns():x}{next(_serial)}."
        names = [self.prefix + name for name in (*SOURCES, *OUTPUTS)]
        admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 2})
        new = [NewTopic(name, self.partitions, 1) for name in names]
        for future in admin.create_topics(new).values():
            future.result(30)
        self._producer = Producer(
            {
                "bootstrap.servers": self.brokers,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "batch.size": 500_000,
                "queue.buffering.max.messages": 2_000_000,
                "log_level": 2,
            }
        )

        self.wait_for_leaders(names)

    def wait_for_leaders(self, names: list[str]) -> None:
        """Wait until new topics can be read."""
        self._watcher = Consumer(self._reader() | {"group.id": "watcher"})
        for name in names:
            deadline = time.monotonic() + 20
            while True:
                try:
                    self._ends(name, self._watcher)
                    break
                except KafkaException:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)

    def make_again(self, name: str, config: dict[str, str] | None = None) -> None:
        """Delete a topic and make it again, empty."""
        admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 2})
        for future in admin.delete_topics([name]).values():
            future.result(30)
        deadline = time.monotonic() + 20
        while name in admin.list_topics(timeout=10).topics:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        new = NewTopic(name, self.partitions, 1, config=config or {})
        for future in admin.create_topics([new]).values():
            future.result(30)
        self.wait_for_leaders([name])

    def settings(self, folder: Path, **changes) -> WorkerSettings:
        """Settings of a worker on these topics."""
        defaults = {
            "brokers": self.brokers,
            "application": f"{self.prefix}app",
            "topic_prefix": self.prefix,
            "partitions": self.partitions,
            "data_dir": folder,
            "instance": "one",
            "session_timeout_s": 6.0,
            "cache_bytes": 64 << 20,
        }
        return WorkerSettings(**(defaults | changes))

    def send(self, n: int, topics=SOURCES[:1], n_users: int = 500, seed: int = 0, pad: int = 20):
        """Produce ``n`` events of random users to topics in turn, and keep the right counts."""
        chance = random.Random(seed)
        padding = b"x" * pad
        for _ in range(n):
            topic = topics[chance.randrange(len(topics))]
            user = b"u%d" % int(n_users * chance.random() ** 2)
            number = self.n_sent.total()
            self.n_sent[topic] += 1
            expected = self.expected[user]
            expected[SOURCES.index(topic)] += 1
            expected[4] += number
            self.raw(topic, user, b"%d|" % number + padding)
        self._producer.flush(30)

    def raw(self, topic: str, key: bytes, value: bytes) -> None:
        """Produce one record as it is."""
        while True:
            try:
                self._producer.produce(self.prefix + topic, key=key, value=value)
                return
            except BufferError:
                self._producer.poll(0.05)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0, "the broker does not take what is produced"

    def lag(self, application: str) -> int:
        """Records of the input topics that the application has not committed."""
        reader = Consumer(self._reader() | {"group.id": application})  # its committed offsets
        tps = [TopicPartition(self.prefix + t, p) for t in SOURCES for p in range(self.partitions)]
        lag = 0
        for tp in reader.committed(tps, timeout=20):
            begin, end = reader.get_watermark_offsets(tp, timeout=20)
            lag += end - max(begin, tp.offset)
        reader.close()
        return lag

    def wait_until_done(self, application: str, worker, timeout_s: float = 60) -> None:
        """Wait until the application has committed everything."""
        deadline = time.monotonic() + timeout_s
        while self.lag(application):
            assert worker.alive(), worker.tail()
            assert time.monotonic() < deadline, f"lag {self.lag(application)}\n{worker.tail()}"
            time.sleep(0.1)

    def read(self, topic: str) -> list[tuple[bytes | None, bytes | None, int]]:
        """All records of a topic as (key, value, partition), in order within a partition."""
        reader = Consumer(self._reader() | {"group.id": "reader"})
        ends = self._ends(topic, reader)
        reader.assign([TopicPartition(topic, p, 0) for p in ends])
        found = []
        left = {p for p, end in ends.items() if end}
        while left:
            for record in reader.consume(10_000, 1.0):
                assert record.error() is None, record.error()
                found.append((record.key(), record.value(), record.partition()))
                if record.offset() + 1 >= ends[record.partition()]:
                    left.discard(record.partition())
        reader.close()
        return found

    def n_outputs(self) -> int:
        """How many outputs there are, repeats included."""
        return sum(self.output_ends().values())

    def output_ends(self) -> dict[int, int]:
        """How many outputs there are in each partition."""
        return self._ends(self.prefix + OUTPUT, self._watcher)

    def _ends(self, topic: str, reader: Consumer) -> dict[int, int]:
        return {
            p: reader.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[1]
            for p in range(self.partitions)
        }

    def outputs(self) -> dict[bytes, list[bytes]]:
        """What the worker said of each event, by ``<topic>|<id>``, repeats included."""
        said: dict[bytes, list[bytes]] = defaultdict(list)
        for _, value, _ in self.read(self.prefix + OUTPUT):
            assert value is not None
            name, _, counts = value.rpartition(b"|")
            said[name].append(counts)
        return said

    def states(self, application: str) -> dict[bytes, list[int]]:
        """The counts that the newest changelog record of each user holds."""
        newest = {}
        for key, value, _ in self.read(f"{application}.changelog"):
            newest[key] = value
        _, states = unpack(list(newest.values()))
        return {key: list(STATE.unpack_from(s)) for key, s in zip(newest, states, strict=True)}

    def recovered_states(self, folder: Path, application: str) -> dict[bytes, list[int]]:
        """The counts in the local stores of a worker that has stopped."""
        found = {}
        for path in sorted((folder / application).glob("partition-*")):
            store = PartitionStore(path, block_cache(1 << 20), 1 << 20)
            for key, value in store.items():
                found[key] = list(STATE.unpack_from(unpack([value])[1][0]))
            store.close()
        return found

    def _reader(self):
        return {
            "bootstrap.servers": self.brokers,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.queue.backoff.ms": 10,
            "log_level": 2,
        }
