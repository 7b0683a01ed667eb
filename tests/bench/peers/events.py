"""The events of the comparison: orders of a Zipf-distributed crowd, the same ones every time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topics.producing import Progress, Sender

START_MS = 1_767_225_600_000
DAYS = 3.0
CHUNK = 50_000

TEMPLATE = (
    '{"type":"order","event_id":"e-%09d","user_id":"u-%05d","event_time":%d,"device_id":"d-%05d",'
    '"order_id":"o-%07d","status":"placed","amount":%d.%02d,"currency":"EUR",'
    '"payment":{"method":"card","instrument_id":"c-%05d"}}'
)


@dataclass(frozen=True, eq=False)
class Events:
    """``users`` int64[n], ``times_ms`` int64[n] ascending, ``cents`` int64[n]; row i is event i."""

    users: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    cents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.users)


def make_events(n: int, n_users: int, seed: int = 7) -> Events:
    """Draw ``n`` events over three days; user k orders with probability in proportion to 1/k.

    >>> events = make_events(10_000, 500)
    >>> bool((np.bincount(events.users) > 1_000).any()), bool((np.diff(events.times_ms) >= 0).all())
    (True, True)
    """
    chance = np.random.default_rng(seed)
    share = np.cumsum(1 / np.arange(1, n_users + 1))
    ranks = np.searchsorted(share, chance.random(n) * share[-1])
    users = chance.permutation(n_users)[ranks].astype(np.int64)
    times = START_MS + np.sort(chance.random(n) * DAYS * 86_400_000).astype(np.int64)
    cents = np.maximum(100, np.exp(chance.normal(8.3, 0.8, n))).astype(np.int64)
    return Events(users, times, cents)


def user_id(number: int) -> str:
    """Return the id of a user."""
    return f"u-{number:05d}"


def encoded(events: Events) -> Iterator[tuple[Sequence[bytes], Sequence[bytes]]]:
    """Yield keys and JSON values, some ten thousand at a time."""
    for start in range(0, len(events), CHUNK):
        part = slice(start, start + CHUNK)
        users, times = events.users[part].tolist(), events.times_ms[part].tolist()
        rows = zip(users, times, events.cents[part].tolist(), strict=True)
        values = [
            (TEMPLATE % (i, user, time, user, i % 10**7, *divmod(cents, 100), user)).encode()
            for i, (user, time, cents) in enumerate(rows, start)
        ]
        yield [user_id(user).encode() for user in users], values


def send(brokers: str, topic: str, events: Events, progress: Progress) -> float:
    """Send all events to a topic, keyed by user; return the mean number of bytes of a value."""
    n_bytes = 0
    with Sender(brokers) as sender:
        for keys, values in encoded(events):
            sender.send(topic, keys, values)
            n_bytes += sum(map(len, values))
            progress(len(values))
    return n_bytes / len(events)
