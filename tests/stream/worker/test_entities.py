"""What all workers know of the things that users share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from stream.pipeline.entity_answers import QUESTIONS
from stream.pipeline.links import LINK, event_links
from stream.pipeline.windows import DAY_MS
from stream.worker.entities import EntityStore
from stream.worker.linksink import LinkRecord
from stream.worker.waitinglabels import KEPT_DAYS
from topics.columns import EVENT
from topics.vocabulary import ENTITY_KINDS

LAG_MS = 2_000
START = 1_700_000_000_000
DEVICE = ENTITY_KINDS.index("device")


class Held(dict[bytes, bytes]):
    """The store's part that the worker keeps in RocksDB, here in a dictionary."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def keys(self, prefix: bytes = b"") -> list[bytes]:  # type: ignore[override]
        return [key for key in self if key.startswith(prefix)]

    def write(self, pairs: Sequence[tuple[bytes, bytes | None]]) -> None:
        for key, value in pairs:
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


def events(*users: int, at_ms: int = START, device: int = 77) -> Any:
    rows = np.zeros(len(users), EVENT)
    rows["user"] = users
    rows["event"] = np.arange(1, len(users) + 1) + 1000 * np.array(users)
    rows["time_ms"] = at_ms
    rows["device"] = device
    rows["amount"] = 10.0
    return rows


def record(rows: Any, *, skip_to: int = -1) -> LinkRecord:
    return LinkRecord(0, 0, 0, 0, skip_to, rows.tobytes())


def links(rows: Any, first_offset: int = 0) -> Any:
    offsets = np.arange(first_offset, first_offset + len(rows))
    return event_links(rows, np.zeros(len(rows), np.int64), offsets)


def label(event: int, *, known_ms: int, frauds: int = 1, labels: int = 1) -> Any:
    row = np.zeros(1, LINK)
    row["event"], row["time_ms"], row["event_ms"] = event, known_ms, START
    row["labels"], row["frauds"], row["is_label"] = labels, frauds, 1
    return row


@pytest.fixture
def store() -> tuple[EntityStore, Held]:
    entities, held = EntityStore(LAG_MS), Held()
    entities.open(held)
    return entities, held


def answer(entities: EntityStore, question: str, *, user: int, at_ms: int) -> float:
    answers = entities.answers(events(user, at_ms=at_ms))
    return float(answers[0, DEVICE, QUESTIONS.index(question)])


def test_another_users_link_counts_after_the_visibility_lag(store: Any) -> None:
    entities, held = store
    held.write(entities.apply([record(links(events(1, 2)))]))
    ask = "other_users_1d"
    assert answer(entities, ask, user=3, at_ms=START + LAG_MS - 1) == 0
    assert answer(entities, ask, user=3, at_ms=START + LAG_MS) == 2
    assert answer(entities, ask, user=1, at_ms=START + LAG_MS) == 1


def test_rows_handed_over_before_are_not_counted_again(store: Any) -> None:
    entities, held = store
    rows = links(events(1, 2, 3))
    held.write(entities.apply([record(rows[:2])]))
    held.write(entities.apply([record(rows, skip_to=1)]))
    assert answer(entities, "events_1d", user=9, at_ms=START + LAG_MS) == 3


@pytest.mark.parametrize("event_first", [True, False])
def test_a_label_reaches_the_entities_of_its_event_in_either_order(
    store: Any, event_first: bool
) -> None:
    entities, held = store
    rows = events(1)
    told, known = links(rows), START + 5_000
    fraud = label(int(rows["event"][0]), known_ms=known)
    for part in (told, fraud) if event_first else (fraud, told):
        held.write(entities.apply([record(part)]))
    assert answer(entities, "frauds_30d", user=9, at_ms=known) == 0
    assert answer(entities, "frauds_30d", user=9, at_ms=known + 1) == 1
    assert not [key for key in held if key.startswith(b"w")]


def test_a_label_withdrawn_later_counts_no_more(store: Any) -> None:
    entities, held = store
    rows = events(1)
    event = int(rows["event"][0])
    withdrawn = label(event, known_ms=START + 9, frauds=-1, labels=0)
    parts = [links(rows), label(event, known_ms=START + 8), withdrawn]
    held.write(entities.apply([record(part) for part in parts]))
    assert answer(entities, "frauds_30d", user=9, at_ms=START + 60_000) == 0
    assert answer(entities, "labels_30d", user=9, at_ms=START + 60_000) == 1


def test_a_reopened_store_answers_as_before(store: Any) -> None:
    entities, held = store
    held.write(entities.apply([record(links(events(1, 2)))]))
    again = EntityStore(LAG_MS, cache_bytes=1)
    again.open(held)
    assert answer(again, "other_users_30d", user=3, at_ms=START + 60_000) == 2


def test_a_label_that_waits_is_found_again_by_a_reopened_store(store: Any) -> None:
    entities, held = store
    rows = events(1)
    first = label(int(rows["event"][0]), known_ms=START + 8)
    second = label(int(rows["event"][0]), known_ms=START + 9, labels=0)
    held.write(entities.apply([record(first)]))
    again = EntityStore(LAG_MS)
    again.open(held)
    held.write(again.apply([record(second)]))
    held.write(again.apply([record(np.concatenate([links(rows), links(rows)]))]))
    assert answer(again, "frauds_30d", user=9, at_ms=START + 60_000) == 2
    assert not held.keys(b"w")


def test_a_store_that_is_not_open_says_so() -> None:
    with pytest.raises(RuntimeError, match="not open"):
        EntityStore(LAG_MS).answers(events(1))


class Watched(Held):
    """Notes what is looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bytes] = []

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        self.asked += keys
        return super().get_many(keys)


def other_users(entities: EntityStore, device: int) -> float:
    answers = entities.answers(events(9, at_ms=START + LAG_MS + 60_000, device=device))
    return float(answers[0, DEVICE, QUESTIONS.index("other_users_1d")])


def test_what_a_store_cannot_hold_is_not_looked_for():
    entities, held = EntityStore(LAG_MS), Watched()
    entities.open(held)
    held.write(entities.apply([record(links(events(1, 2)))]))
    assert held.asked == []
    entities._cache.clear()
    assert other_users(entities, 78) == 0
    assert held.asked == []
    assert other_users(entities, 77) == 2
    assert len(held.asked) == 1
    again = EntityStore(LAG_MS)
    again.open(held)  # what it holds was written before: everything is looked for
    held.asked.clear()
    assert other_users(again, 78) == 0
    assert other_users(again, 77) == 2
    assert len(held.asked) == 2


def at_day(days: float, event: int, offset: int) -> Any:
    """Return the link of an event of so many days after the start."""
    rows = events(5, at_ms=int(START + days * DAY_MS))
    rows["event"] = event
    return links(rows, offset)


def test_a_label_whose_event_never_comes_waits_as_long_as_it_could_count(store: Any) -> None:
    entities, held = store
    for number in range(100):  # every day one of browsing, and an order of somebody else
        entity_links = at_day(number, 10_000 + number, 2 * number)
        told = label(number + 1, known_ms=int(START + number * DAY_MS))
        told["offset"] = 2 * number + 1
        held.write(entities.apply([record(np.concatenate([entity_links, told]))]))
        assert len(entities._waiting) == len(held.keys(b"w")) <= KEPT_DAYS + 1
    assert len(entities._waiting) == KEPT_DAYS + 1
    again = EntityStore(LAG_MS)
    again.open(held)
    assert len(again._waiting) == KEPT_DAYS + 1
    held.write(again.apply([record(at_day(200, 9, 1_000))]))
    assert len(again._waiting) == len(held.keys(b"w")) == 0
    held.write(again.apply([record(label(77, known_ms=START))]))
    assert not held.keys(b"w")  # it is too old when it comes


def test_labels_wait_for_events_that_are_read_late_however_old_both_are(store: Any) -> None:
    entities, held = store
    held.write(entities.apply([record(at_day(0, 1, 0))]))
    for number in range(60):
        told = label(500 + number, known_ms=int(START + number * DAY_MS))
        held.write(entities.apply([record(told)]))
    held.write(entities.apply([record(at_day(0.5, 500, 1))]))
    assert answer(entities, "frauds_30d", user=9, at_ms=START + DAY_MS) == 1
