"""The topics of a product test: events and labels go in, what the worker published comes out."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Producer

from stream.pipeline.features import POSITION
from stream.settings import Settings
from stream.worker.processor import SOURCES
from tests.real.reference import Count, count_events
from tests.real.states import counters
from tests.stream.worker.riskworker import RiskWorker
from tests.stream.worker.shop import Shop, _serial
from topics.catalog import catalogue
from topics.consuming import read_topic
from topics.letters import DeadLetter, read_dead_letter
from topics.topicadmin import create_topics

Event = dict[str, Any]
START_MS = 1_760_000_000_000
PRODUCT = Settings(scoring="none", token_key="k" * 32)
"""What a worker decides with where a test says nothing else: rules only."""

TOPIC_OF = dict(zip(("order", "browse", "review"), SOURCES, strict=False))


@dataclass
class Market(Shop):
    """Topics of the catalogue under a prefix of their own, and the events that were sent."""

    events: list[Event] = field(default_factory=list)
    plain: bool = False
    """Whether the topics have their plain names: for a broker of the test's own, and commands."""

    def __post_init__(self) -> None:
        self.prefix = "" if self.plain else self.prefix or f"p{time.time_ns():x}{next(_serial)}."
        self.application = f"{self.prefix}app"
        specs = catalogue(
            partitions=self.partitions, application=self.application, prefix=self.prefix
        )
        # Tests give records, labels too, timestamps of past years: the broker must keep them.
        specs = [replace(s, retention_ms=None) if s.direction == "in" else s for s in specs]
        create_topics(self.brokers, specs)
        self._producer = Producer(
            {
                "bootstrap.servers": self.brokers,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "batch.size": 500_000,
                "message.max.bytes": 1_048_000,
                "queue.buffering.max.messages": 2_000_000,
                "enable.idempotence": True,  # a broker that dies would get some records twice
                "log_level": 2,
            }
        )
        self.wait_for_leaders([spec.name for spec in specs if spec.direction != "internal"])

    def worker(self, folder: Path, product: Settings | None = None, **changes: Any) -> RiskWorker:
        """Return a worker on these topics that is not running yet."""
        return RiskWorker(self.settings(folder, **changes), product or PRODUCT)

    def give(self, *events: Event) -> None:
        """Produce events, each to the topic of its type, and wait until the broker has them."""
        for event in events:
            self.put(TOPIC_OF[event["type"]], event["user_id"].encode(), orjson.dumps(event))
            self.events.append(event)
        self.flush()

    def tell(self, **label: Any) -> None:
        """Produce a label and wait until the broker has it."""
        self.put("risk.labels", label["user_id"].encode(), orjson.dumps(label))
        self.flush()

    def put(self, topic: str, key: bytes | None, value: bytes | None, time_ms: int = 0) -> None:
        """Produce one record as it is; ``time_ms`` is its Kafka timestamp, 0: now."""
        while True:
            try:
                self._producer.produce(self.prefix + topic, value, key, timestamp=time_ms)
                return
            except BufferError:
                self._producer.poll(0.05)

    def records(self, topic: str) -> Iterator[Event]:
        """Yield the records of an output topic, in order within a partition."""
        for taken in read_topic(self.brokers, self.prefix + topic):
            yield from (orjson.loads(value) for value in taken.values if value)

    def decisions(self) -> dict[str, list[Event]]:
        """Return the decisions of each event, repeats included, by event id."""
        found: defaultdict[str, list[Event]] = defaultdict(list)
        for record in self.records("risk.decisions"):
            found[record["event_id"]].append(record)
        return found

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters."""
        found = read_topic(self.brokers, self.prefix + "risk.deadletter")
        return [read_dead_letter(value) for taken in found for value in taken.values if value]

    def count(self) -> Count:
        """Count plainly what was sent."""
        return count_events(self.events)

    def counters(self) -> dict[str, Counter[str]]:
        """Return the counters that the newest states in the changelog hold."""
        return counters(self.brokers, f"{self.application}.changelog")


def feature(decision: Event, name: str) -> float | None:
    """Return a feature of a decision by its name."""
    value: float | None = decision["features"][POSITION[name]]
    return value


def traffic(
    n: int, kinds: Iterable[str], seed: int, *, n_users: int = 300, alone: bool = False
) -> list[Event]:
    """Return ``n`` events a second apart; every other is one of twelve users who never rest.

    ``alone``: nobody shares anything with anybody, so that no decision depends on links.
    """
    chance = random.Random(seed)
    choice = list(kinds)
    events = []
    for i in range(n):
        number = chance.randrange(12 if chance.random() < 0.5 else n_users)
        event = {
            "type": chance.choice(choice),
            "event_id": f"e{seed}-{i}",
            "user_id": f"user-{number}",
            "event_time": START_MS + (100_000 * seed + i) * 1_000,
        }
        event |= DETAILS[event["type"]](event["event_id"], chance)
        if not alone:
            event |= {"device_id": f"device-{number // 3}"}
            event |= SHARED[event["type"]](chance)
        events.append(event)
    return events


def _order(number: str, chance: random.Random) -> Event:
    statuses = ("placed", "paid", "delivered", "cancelled", "returned")
    return {
        "order_id": number,
        "status": chance.choices(statuses, (8, 1, 1, 1, 1))[0],
        "amount": float(chance.randrange(1, 500)),
        "currency": "EUR",
    }


def _browse(number: str, chance: random.Random) -> Event:
    return {"action": chance.choice(("view", "search", "add_to_cart", "login"))}


def _review(number: str, chance: random.Random) -> Event:
    return {"review_id": number, "rating": chance.randrange(1, 6), "text": f"it is {number}"}


DETAILS = {"order": _order, "browse": _browse, "review": _review}
SHARED: dict[str, Callable[[random.Random], Event]] = {
    "order": lambda chance: {
        "seller_id": f"seller-{chance.randrange(20)}",
        "payment": {"method": "card", "instrument_id": f"card-{chance.randrange(300)}"},
    },
    "browse": lambda chance: {"ip": f"10.1.{chance.randrange(200)}.7"},
    "review": lambda chance: {
        "seller_id": f"seller-{chance.randrange(20)}", "text": f"text {chance.randrange(50)}"
    },
}  # fmt: skip
