"""Made-up events of many users, as fast as a benchmark can send them: no fraud, no learning."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from topics.producing import Sender

CHUNK: Final = 2_000
CROWD: Final = "crowd-e"
"""How the event ids of their orders begin."""

CROWDS: Final = 20
CROWD_USERS: Final = 40
"""Accounts that share one device: more than the built-in policy lets pass without an alert."""

N_TEXTS: Final = 500
SELLERS: Final = 2_000
WORDS: Final = (
    "fits", "well", "arrived", "late", "the", "colour", "fades", "after", "two", "washes",
    "would", "buy", "again", "box", "was", "damaged", "good", "price", "sound", "battery",
)  # fmt: skip
TOPICS: Final = ("shop.browse", "shop.orders", "shop.reviews")


class Event(NamedTuple):
    """A record to send; ``topic`` is an index of TOPICS."""

    topic: int
    key: bytes
    value: bytes


class Traffic:
    """Events of ``n_users`` users, seven in ten of them browsing, the same for every ``seed``.

    An account has a device, an address and an instrument of its own. ``crowd_share`` of the orders
    come from accounts that share a device instead, which the built-in policy holds: each has its
    alert. Event ids end with a number that rises, and ``n_made`` is the next one; ``sent`` counts
    the events by topic.
    """

    def __init__(self, n_users: int, *, seed: int = 7, crowd_share: float = 0.0) -> None:
        self._n_users, self._crowd_share = n_users, crowd_share
        self._random = np.random.default_rng(seed)
        self.n_made = 0
        self.sent: Counter[str] = Counter()

    def first(self, n_each: int, at_ms: int) -> Iterator[list[Event]]:
        """Yield ``n_each`` events of every user in turn: an order, a review, then browsing."""
        for turn in range(n_each):
            topic = (1, 2, 0)[min(turn, 2)]
            for start in range(0, self._n_users, CHUNK):
                users = range(start, min(start + CHUNK, self._n_users))
                yield [self._event(topic, user, at_ms + turn) for user in users]

    def every_text(self, n_at_once: int, at_ms: int) -> Iterator[list[Event]]:
        """Yield reviews of the first users that have each of N_TEXTS, ``n_at_once`` at a time."""
        for _ in range(0, N_TEXTS, n_at_once):
            yield [self._event(2, self.n_made % self._n_users, at_ms) for _ in range(n_at_once)]

    def part(self, n: int, at_ms: int, new_text_share: float = 0.0) -> list[Event]:
        """Return the next ``n`` events, of users drawn evenly.

        ``new_text_share`` of them are reviews whose text nobody wrote before; all other reviews
        repeat one of N_TEXTS.
        """
        draws = self._random.random((n, 2))
        kinds = np.searchsorted([0.7, 0.92], draws[:, 0], "right")
        new = draws[:, 0] >= 1 - new_text_share
        users = self._random.integers(0, self._n_users, n)
        rows = zip(kinds.tolist(), users.tolist(), draws[:, 1].tolist(), new.tolist(), strict=True)
        return [
            self._event(kind, user, at_ms, is_new, kind == 1 and draw < self._crowd_share)
            for kind, user, draw, is_new in rows
        ]

    def send(self, sender: Sender, events: list[Event]) -> None:
        """Send events to their topics, those of one user in their order within a topic."""
        for number, topic in enumerate(TOPICS):
            chosen = [event for event in events if event.topic == number]
            if chosen:
                keys, values = [event.key for event in chosen], [event.value for event in chosen]
                sender.send(topic, keys, list(values))
                self.sent[topic] += len(chosen)

    def _event(
        self, kind: int, user: int, at_ms: int, is_new: bool = False, in_crowd: bool = False
    ) -> Event:
        n = self.n_made
        self.n_made += 1
        device, event_id = f"d{user}", f"e{n}"
        if in_crowd:
            user = n % (CROWDS * CROWD_USERS)
            device, event_id = f"crowd{user % CROWDS}", f"{CROWD}{n}"
            user = self._n_users + user
        head = (
            f'{{"event_id":"{event_id}","user_id":"u{user}","event_time":{at_ms},'
            f'"device_id":"{device}","ip":"10.{user >> 16 & 255}.{user >> 8 & 255}.{user & 255}",'
        )
        if kind == 1:
            body = (
                f'"order_id":"o{n}","status":"placed","amount":{5 + n % 9000 / 100},'
                f'"currency":"EUR","seller_id":"s{n % SELLERS}","shipping_address_id":"a{user}",'
                f'"payment":{{"method":"card","instrument_id":"c{user}"}},"items":[{{"sku":'
                f'"k{n % 5000}","category":"shoes","quantity":1,"unit_price":9.5}}]}}'
            )
        elif kind == 2:
            body = (
                f'"review_id":"r{n}","rating":{1 + n % 5},"seller_id":"s{n % SELLERS}",'
                f'"text":"{text(N_TEXTS + n, 12) if is_new else text(n % N_TEXTS, 5)}"}}'
            )
        else:
            body = f'"action":"view","sku":"k{n % 5000}","category":"shoes","price":9.5}}'
        return Event(kind, f"u{user}".encode(), (head + body).encode())


def text(number: int, n_words: int) -> str:
    """Return a text that differs from that of every other number.

    Five words are too few for the built-in policy to mind that many accounts write them.

    >>> text(0, 5) == text(1, 5), len(text(7, 12).split())
    (False, 13)
    """
    step = 3 + number % 11
    words = [WORDS[(number * 7 + i * step) % len(WORDS)] for i in range(n_words)]
    return " ".join([*words, f"n{number}"])


def now_ms() -> int:
    """Return the wall clock."""
    return time.time_ns() // 1_000_000
