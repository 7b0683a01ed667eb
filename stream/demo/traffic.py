"""What the demo sends: the shop's events and labels in order of time, some twice, some broken."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from typing import Final, Literal, NamedTuple

import orjson

from topics.simulator.spool import Record

TOPICS: Final = {
    "order": "shop.orders",
    "browse": "shop.browse",
    "review": "shop.reviews",
    "label": "risk.labels",
}
Role = Literal["event", "repeat", "broken", "label"]
REPEAT_EVERY: Final = 500
BREAK_EVERY: Final = 2_000


class Sent(NamedTuple):
    """One record on its way to a topic; ``event_id`` is empty for labels and broken records."""

    topic: str
    user_id: str
    value: bytes
    role: Role
    event_id: str
    time_ms: int


def traffic(events: Iterable[Record], labels: Iterable[Record]) -> Iterator[Sent]:
    """Yield events and labels in order of time, with repeats and broken records among them.

    Every 500th event is sent twice, as a producer does that lost an acknowledgement. Every
    2,000th is followed by a broken copy, each time broken in another way.
    """
    n = 0
    for record in merge(events, labels, key=lambda record: record.time_ms):
        topic = TOPICS[record.kind]
        if record.kind == "label":
            yield Sent(topic, record.user_id, record.value, "label", "", record.time_ms)
            continue
        event_id = str(orjson.loads(record.value)["event_id"])
        n += 1
        yield Sent(topic, record.user_id, record.value, "event", event_id, record.time_ms)
        if n % REPEAT_EVERY == 0:
            yield Sent(topic, record.user_id, record.value, "repeat", event_id, record.time_ms)
        if n % BREAK_EVERY == 0:
            spoil = WAYS_TO_BREAK[n // BREAK_EVERY % len(WAYS_TO_BREAK)]
            yield Sent(topic, record.user_id, spoil(record.value), "broken", "", record.time_ms)


def _truncated(value: bytes) -> bytes:
    return value[: len(value) // 2]


def _changed(**fields: object) -> Callable[[bytes], bytes]:
    return lambda value: orjson.dumps({**orjson.loads(value), **fields})


def _list(value: bytes) -> bytes:
    return b"[" + value + b"]"


WAYS_TO_BREAK: Final[tuple[Callable[[bytes], bytes], ...]] = (
    _truncated,
    _list,
    _changed(user_id=None),
    _changed(event_time="2025-02-30T12:00:00Z"),
    _changed(event_time="2099-01-01T00:00:00Z"),
    _changed(type="refusal"),
    _changed(event_id=["not", "text"]),
)
