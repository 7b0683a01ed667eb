"""Builds a whole store of what users share from all links, sorted by key, without look-ups.

An entity's state is what its touches make of it one after another, and does not depend on other
entities. So rows are put aside by event, to give labels the entities of their events, and touches
by entity. What stands under one key is then made at once, and keys come in the store's order.

Everything is as if the records had been applied one by one: each row has a number that says when
its touches count. A label that came before its event counts after the links of the record that
the event is in, if it has not become too old by then (see `stream.worker.waitinglabels`).
"""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.entities import TOUCH, group_touches, visit
from stream.pipeline.links import LINK, adding
from stream.worker.entitykeys import (
    ENTITY,
    EVENT,
    NAMED,
    WAITING,
    as_bytes,
    fresh_rows,
    in_key_order,
    keys_of,
)
from stream.worker.linksink import LinkRecord
from stream.worker.spool import RUN_BYTES, Spool, ranges
from stream.worker.tablefiles import Sorted
from stream.worker.waitinglabels import newest_event, newest_known, oldest_waiting, still_waiting
from topics.columns import Rows, joined, order_of, taken

KEPT: Final = np.dtype([("event", "u8"), ("at", "i8"), ("named", NAMED)])
TOLD: Final = np.dtype([("at", "i8"), ("link", LINK)])
RANGE_BYTES: Final = 8 << 20

RECORD: Final = 1 << 32
"""The numbers of a record's rows: links by their place, then what waited for them, then labels."""

LATE: Final = 1 << 30
LABELS: Final = 1 << 31


class EntityLoad:
    """All links of a topic, put aside in files of a folder, and then the store's keys and values.

    ``run_bytes`` each are sorted while they come, and ``range_bytes`` when all are there.
    """

    def __init__(
        self,
        scratch: Path,
        lag_ms: int,
        *,
        range_bytes: int = RANGE_BYTES,
        run_bytes: int = RUN_BYTES,
    ) -> None:
        self._lag_ms, self._range_bytes = lag_ms, range_bytes
        self._n_records = 0
        self._kept = Spool(scratch / "kept", KEPT, run_bytes)
        self._labels = Spool(scratch / "labels", TOLD, run_bytes)
        self._touches = Spool(scratch / "touches", TOUCH, run_bytes)
        self._told = Spool(scratch / "told", TOUCH, run_bytes)
        self._waiting: list[tuple[bytes, bytes]] = []
        self._oldest = array("q")  # by record, when a label that waits became known at least
        self._newest_ms = 0

    def add(self, records: Sequence[LinkRecord]) -> None:
        """Put records aside, in the order of the topic."""
        if not records:
            return
        parts = fresh_rows(records)
        for part in parts:
            self._newest_ms = max(self._newest_ms, newest_event(part))
            self._oldest.append(oldest_waiting(self._newest_ms))
        sizes = np.fromiter(map(len, parts), np.int64, len(parts))
        rows = joined(parts)
        numbers = np.arange(self._n_records, self._n_records + len(parts)) * RECORD
        self._n_records += len(parts)
        begins = np.cumsum(sizes) - sizes
        at = np.arange(len(rows)) + np.repeat(numbers - begins, sizes)
        is_label = rows["is_label"] == 1
        at[is_label] += LABELS
        kept = rows["kept"] == 1
        self._keep(taken(rows, np.flatnonzero(kept)), at[kept])
        if is_label.any():
            told = np.empty(int(is_label.sum()), TOLD)
            told["at"], told["link"] = at[is_label], rows[is_label]
            self._labels.add(in_key_order(told["link"]["event"]), told)
            rows, at = rows[~is_label], at[~is_label]
        _touch(self._touches, rows, at)

    def _keep(self, rows: Rows, at: NDArray[np.int64]) -> None:
        kept = np.empty(len(rows), KEPT)
        kept["event"], kept["at"] = rows["event"], at
        kept["named"]["tokens"], kept["named"]["event_ms"] = rows["tokens"], rows["event_ms"]
        self._kept.add(in_key_order(kept["event"]), kept)

    def sorted(self) -> Iterator[Sorted]:
        """Yield what the store shall hold, in the order of its keys."""
        yield from self._events()
        yield from self._entities()
        waiting = list(still_waiting(self._waiting, self._newest_ms))
        yield [key for key, _ in waiting], [value for _, value in waiting]

    def close(self) -> None:
        """Let go of the files; may be repeated."""
        for spool in (self._kept, self._labels, self._touches, self._told):
            spool.close()

    def _events(self) -> Iterator[Sorted]:
        for low, high in ranges([self._kept, self._labels], self._range_bytes):
            kept = self._kept.read(low, high)
            order = in_key_order(kept["event"])
            places = order_of(order)
            kept, order = taken(kept, places), order[places]
            labels = self._labels.read(low, high)
            if len(labels):
                self._tell(kept, order, labels)
            newest = taken(kept, np.flatnonzero(np.r_[order[1:] != order[:-1], len(order) > 0]))
            named = np.ascontiguousarray(newest["named"]).view(np.uint8)
            yield keys_of(EVENT, newest["event"]), as_bytes(named.reshape(-1, NAMED.itemsize))
        self._kept.close()  # it may be large, and as much is written now
        self._labels.close()

    def _tell(self, kept: Rows, order: NDArray[np.uint64], labels: Rows) -> None:
        """Give labels the entities of their events: the newest before, else the first after.

        ``kept`` are the events of the range, by ``order`` and then as they came.
        """
        about = in_key_order(labels["link"]["event"])
        by_event = np.lexsort((labels["at"], about))
        labels, about = labels[by_event], about[by_event]
        place = np.searchsorted(order, about, side="left")
        end = np.searchsorted(order, about, side="right")
        known = place < end
        self._wait(labels[~known])
        labels, place, last = labels[known], place[known], end[known] - 1
        at = labels["at"].copy()
        while (later := kept["at"][np.minimum(place + 1, last)] < at)[place < last].any():
            place += later & (place < last)
        late = kept["at"][place] > at
        oldest = np.array(self._oldest, np.int64)[kept["at"][place] // RECORD]
        counts = ~late | (labels["link"]["time_ms"] >= oldest)
        labels, place, late, at = labels[counts], place[counts], late[counts], at[counts]
        at[late] = kept["at"][place[late]] // RECORD * RECORD + LATE
        links = labels["link"].copy()
        links["tokens"] = kept["named"]["tokens"][place]
        _touch(self._told, links, at)

    def _wait(self, labels: Rows) -> None:
        """Keep labels whose event never came; those of one event stand together."""
        places = keys_of(WAITING, labels["link"]["event"])
        numbers = (labels["at"] // RECORD).tolist()
        for place, number, link in zip(places, numbers, labels["link"], strict=True):
            waiting, oldest_ms = b"", self._oldest[number]
            if self._waiting and self._waiting[-1][0] == place:
                _, waiting = self._waiting.pop()
                waiting = waiting if newest_known(waiting) >= oldest_ms else b""
            if link["time_ms"] >= oldest_ms:
                waiting += link.tobytes()
            if waiting:
                self._waiting.append((place, waiting))

    def _entities(self) -> Iterator[Sorted]:
        for low, high in ranges([self._touches, self._told], self._range_bytes):
            told = self._told.read(low, high)
            told = told[np.argsort(told["row"], kind="stable")]
            parts = self._touches.parts(low, high, self._range_bytes)
            states: dict[int, bytes] = {}
            part = next(parts)
            for following in parts:  # more than fits: something that very many users share
                n = int(np.searchsorted(told["row"], part["row"].max(initial=-1), side="right"))
                states.update(zip(*self._visited(part, told[:n], states), strict=True))
                part, told = following, told[n:]
            tokens, made = self._visited(part, told, states)
            if states:
                states.update(zip(tokens, made, strict=True))
                found = np.fromiter(states, np.uint64, len(states))
                tokens = found[np.argsort(in_key_order(found))].tolist()
                made = [states[token] for token in tokens]
            yield keys_of(ENTITY, np.array(tokens, np.uint64)), made

    def _visited(
        self, links: Rows, told: Rows, states: dict[int, bytes]
    ) -> tuple[list[int], list[bytes]]:
        """Return entities and their states after some touches, from ``states`` or from nothing."""
        touches = links
        if len(told):
            touches = joined([links, told])
            touches = taken(touches, np.argsort(touches["row"], kind="stable"))
        touches["row"] = -1
        entities, touches, starts = group_touches(touches)
        tokens = entities.tolist()
        known: list[bytes | None] = [None] * len(tokens)
        if states:
            known = list(map(states.get, tokens))
        return tokens, visit(touches, starts, known, 0, lag_ms=self._lag_ms).states()


def _touch(spool: Spool, links: Rows, at: NDArray[np.int64]) -> None:
    """Put the touches of links aside; their ``row`` says when they count."""
    touches = adding(links, at)
    spool.add(in_key_order(touches["entity"]), touches)
