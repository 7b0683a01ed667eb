"""What every program must have answered, by another way than any of them: sorted columns.

With a user's events in order, a window at event i begins at the first event whose pane starts
after t - width, so counts are differences of positions and sums differences of running totals.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
from confluent_kafka import Consumer, TopicPartition
from numpy.typing import NDArray

from tests.bench.peers.events import Events, user_id
from tests.bench.peers.job import PARTITIONS, WINDOWS, Answer
from topics.kafka import client_config

TOLD = 3
"""So many of the wrong answers are named."""


def expected(events: Events) -> NDArray[np.int64]:
    """Return counts and cents int64[n, 6] after each event: of an hour, of a day, and of all.

    >>> from tests.bench.peers.events import START_MS
    >>> minutes = np.array([0, 5, 59, 60, 24 * 60 - 1, 24 * 60])
    >>> one = Events(np.zeros(6, np.int64), START_MS + 60_000 * minutes, np.full(6, 100))
    >>> expected(one)[:, [0, 2, 4]].T.tolist()
    [[1, 2, 3, 2, 1, 2], [1, 2, 3, 4, 5, 3], [1, 2, 3, 4, 5, 6]]
    """
    order = np.argsort(events.users, kind="stable")
    users, times = events.users[order], events.times_ms[order]
    total = np.r_[0, np.cumsum(events.cents[order])]
    place = np.arange(len(order))
    span = int(times.max()) + max(width for width, _ in WINDOWS) + 1
    firsts = [
        np.searchsorted(users * span + times - times % pane, users * span + times - width, "right")
        for width, pane in WINDOWS
    ]
    firsts.append(np.searchsorted(users, users))
    found = np.empty((len(order), 6), np.int64)
    for column, first in enumerate(firsts):
        # The day before a user's first event lies among the user before.
        begin = np.maximum(first, firsts[-1])
        found[order, 2 * column] = place + 1 - begin
        found[order, 2 * column + 1] = total[place + 1] - total[begin]
    return found


def check(values: Iterable[bytes], events: Events, right: NDArray[np.int64]) -> None:
    """Compare all answers with ``right``; raise RuntimeError if one is wrong, missing or extra."""
    n_answers = np.zeros(len(events), np.int64)
    found = np.zeros_like(right)
    decode = msgspec.json.Decoder(Answer).decode
    users = events.users.tolist()
    for value in values:
        answer = decode(value)
        i = int(answer.event_id[2:])
        if answer.user_id != user_id(users[i]):
            raise RuntimeError(f"{answer.event_id} was answered for {answer.user_id}")
        n_answers[i] += 1
        found[i] = (
            answer.count_1h, round(100 * answer.sum_1h), answer.count_1d,
            round(100 * answer.sum_1d), answer.count, round(100 * answer.sum),
        )  # fmt: skip
    wrong = np.flatnonzero((n_answers != 1) | (found != right).any(axis=1))
    if len(wrong):
        told = "; ".join(
            f"e-{i:09d} {n_answers[i]} times, {found[i].tolist()} for {right[i].tolist()}"
            for i in wrong[:TOLD]
        )
        raise RuntimeError(f"{len(wrong):,} of {len(events):,} answers are wrong: {told}")


def values_of(brokers: str, topic: str) -> Iterable[bytes]:
    """Yield the values of all records that are in a topic now."""
    config = client_config(brokers, group_id="peers-check", fetch_queue_backoff_ms=10)
    reader = Consumer({**config, "enable.auto.commit": False})
    ends = ends_of(reader, topic)
    reader.assign([TopicPartition(topic, number, 0) for number in ends])
    left = {number for number, end in ends.items() if end}
    while left:
        for record in reader.consume(10_000, 1.0):
            if record.error():
                raise RuntimeError(f"{topic} cannot be read: {record.error()}")
            yield record.value() or b""
            if (record.offset() or 0) + 1 >= ends[record.partition() or 0]:
                left.discard(record.partition() or 0)
    reader.close()


def ends_of(reader: Consumer, topic: str) -> dict[int, int]:
    """Return the offset behind the last record of every partition."""
    return {
        number: reader.get_watermark_offsets(TopicPartition(topic, number), timeout=30)[1]
        for number in range(PARTITIONS)
    }
