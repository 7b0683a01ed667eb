"""Training rows from a replay: events as they were at each moment, and what became known later."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.rows import TrainingRows, joined, take
from stream.pipeline.pipeline import Decided
from stream.pipeline.windows import DAY_MS
from stream.replay.history import Slice
from stream.replay.horizon import count_between
from stream.replay.newest import newest_labels
from stream.replay.sampled import HASH_RANGE, drawn
from stream.replay.spent import FIELDS, spent_after
from topics.eventwords import EventWords
from topics.scores import ScoreInput
from topics.vocabulary import ORDER

NO_EVENTS: Final = np.zeros(0, np.uint64)


@dataclass(frozen=True, kw_only=True)
class TrainsetSettings:
    """Which events to learn from: those from ``from_ms`` up to ``until_ms - label_delay_ms``.

    ``until_ms`` is the moment of training: nothing known later is used. ``unlabelled`` says what
    an event without a label counts as, ``negative`` or ``ignore``. The spend of ``horizon_ms``
    after an event, and whether the user turned bad within it, are known where that time is over.
    Above ``max_rows`` events a random part is kept, and all that are known as fraud beside it.
    """

    from_ms: int
    until_ms: int
    label_delay_ms: int = 0
    unlabelled: str = "negative"
    horizon_ms: int = 30 * DAY_MS
    bad_horizon_ms: int = 30 * DAY_MS
    max_rows: int = 600_000


class Trainset:
    """Collects rows from a replay that has run until ``until_ms``.

    ``frauds`` uint64[m] rising are the events that will be known as fraud by then, of which none is
    lost by the limit on rows, unless they alone reach half of it: then there are enough.
    """

    def __init__(self, settings: TrainsetSettings, frauds: NDArray[np.uint64] = NO_EVENTS) -> None:
        self._settings = settings
        self._frauds = frauds if 2 * len(frauds) <= settings.max_rows else NO_EVENTS
        self._parts: list[ScoreInput] = []
        self._ids: list[tuple[list[str], list[str]]] = []
        self._limit = HASH_RANGE
        self._n_rows = 0
        self._labels: list[NDArray[np.void]] = []
        self._orders: list[NDArray[np.void]] = []
        self._words = EventWords()
        self.n_seen = 0

    def add(self, part: Slice, decided: Decided) -> None:
        """Keep the rows of a slice that lie in the training range, and all labels and orders."""
        rows = part.events.rows
        self._labels.append(part.labels.rows)
        self._orders.append(rows[(rows["type"] == ORDER) & ~decided.duplicate][FIELDS])
        s = self._settings
        wanted = (
            (rows["time_ms"] >= s.from_ms)
            & (rows["time_ms"] < s.until_ms - s.label_delay_ms)
            & ~decided.duplicate
        )
        self.n_seen += int(wanted.sum())
        at = np.flatnonzero(wanted & self._kept(rows["event"]))
        if len(at):
            self._parts.append(_pick(part, decided, at))
            events, picks = part.events, at.tolist()
            self._words.add(rows[at], [part.values[i] for i in picks])
            self._ids.append(
                ([events.event_ids[i] for i in picks], [events.user_ids[i] for i in picks])
            )
            self._n_rows += len(at)
        while self._n_rows > s.max_rows and self._limit:
            self._limit //= 2
            self._thin()

    def _kept(self, events: NDArray[np.uint64]) -> NDArray[np.bool_]:
        by_chance = drawn(events, self._limit)
        if self._limit == HASH_RANGE or not len(self._frauds):
            return by_chance
        at = np.minimum(np.searchsorted(self._frauds, events), len(self._frauds) - 1)
        kept: NDArray[np.bool_] = by_chance | (self._frauds[at] == events)
        return kept

    def _thin(self) -> None:
        kept = [np.flatnonzero(self._kept(x.rows["event"])) for x in self._parts]
        self._parts = [take(x, at) for x, at in zip(self._parts, kept, strict=True)]
        self._ids = [
            ([events[i] for i in at.tolist()], [users[i] for i in at.tolist()])
            for (events, users), at in zip(self._ids, kept, strict=True)
        ]
        self._n_rows = sum(map(len, self._parts))

    def rows(self) -> TrainingRows:
        """Return the rows with their outcomes; the caller checks that there are any."""
        x = joined(self._parts)
        labels = newest_labels(np.concatenate(self._labels))
        label = event_labels(x.rows, labels)
        if self._settings.unlabelled == "negative":
            label = np.where(label < 0, 0, label).astype(np.int8)
        label[_followers(x.rows, labels)] = -1
        times, users = x.rows["time_ms"].copy(), x.rows["user"].copy()
        bad, spend = self._turned_bad(times, users, labels), self._spend(times, users)
        found = TrainingRows(x, label, bad, spend, times, users, words=self._words.found)
        if self._limit == HASH_RANGE or not len(self._frauds):
            return found
        by_chance = drawn(x.rows["event"], self._limit)
        return replace(
            found,
            turned_bad=np.where(by_chance, bad, -1).astype(np.int8),
            spend=np.where(by_chance, spend, np.nan).astype(np.float32),
            drawn=by_chance,
            share=self._limit / HASH_RANGE,
        )

    def orders(self) -> NDArray[np.void]:
        """Return the order events seen so far, with the fields that `spent_after` reads."""
        return np.concatenate(self._orders)

    def ids(self) -> tuple[list[str], list[str]]:
        """Return the event ids and the user ids of `rows`."""
        return (
            [event for events, _ in self._ids for event in events],
            [user for _, users in self._ids for user in users],
        )

    def known_ms(self, events: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return when the newest label of each event became known, int64[m]; 0: it has none."""
        known = _by_event(newest_labels(np.concatenate(self._labels)), "known_ms")
        return np.fromiter((known.get(event, 0) for event in events.tolist()), np.int64)

    def _turned_bad(
        self, times: NDArray[np.int64], users: NDArray[np.uint64], labels: NDArray[np.void]
    ) -> NDArray[np.int8]:
        """Whether the user does something bad within the horizon, as far as known by now."""
        bad = labels[labels["is_fraud"] == 1]
        horizon = self._settings.bad_horizon_ms
        n = count_between(times, users, bad["time_ms"], bad["user"], horizon)
        over = times + horizon + self._settings.label_delay_ms <= self._settings.until_ms
        # Where the time is not over only the bad could be known, and nothing else would be learned.
        return np.where(over, n > 0, -1).astype(np.int8)

    def _spend(self, times: NDArray[np.int64], users: NDArray[np.uint64]) -> NDArray[np.float32]:
        horizon = self._settings.horizon_ms
        spent = spent_after(times, users, self.orders(), horizon)
        over = times + horizon <= self._settings.until_ms
        return np.where(over, spent, np.nan).astype(np.float32)


def event_labels(rows: NDArray[np.void], labels: NDArray[np.void]) -> NDArray[np.int8]:
    """Return each event's label, int8[n]: 1 fraud, 0 legitimate, -1 none.

    ``labels`` are the newest ones, as `newest_labels` returns them.
    """
    truth = _by_event(labels, "is_fraud")
    found = (truth.get(event, -1) for event in rows["event"].tolist())
    return np.fromiter(found, np.int8, len(rows))


def _by_event(labels: NDArray[np.void], field: str) -> dict[int, int]:
    """Return what the one label of each event has in a field."""
    found = dict(zip(labels["event"].tolist(), labels[field].tolist(), strict=True))
    found.pop(0, None)
    return found


def _followers(rows: NDArray[np.void], labels: NDArray[np.void]) -> NDArray[np.bool_]:
    """Mark unlabelled events of an order of which another event is labelled as fraud."""
    bad = np.isin(rows["event"], labels["event"][labels["is_fraud"] == 1])
    labelled = np.isin(rows["event"], labels["event"])
    orders = np.unique(rows["order"][bad & (rows["type"] == ORDER)])
    following: NDArray[np.bool_] = np.isin(rows["order"], orders) & (rows["type"] == ORDER)
    return following & ~labelled


def _pick(part: Slice, decided: Decided, at: NDArray[np.int64]) -> ScoreInput:
    users = decided.users
    return take(ScoreInput.of(part.events, decided.features, users.past, users.n_past), at)
