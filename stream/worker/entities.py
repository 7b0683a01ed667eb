"""What all workers know of devices, addresses, instruments, networks, sellers and review texts."""

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.entities import group_touches, visit
from stream.pipeline.entity_answers import N_QUESTIONS
from stream.pipeline.links import LINK, N_KINDS, adding, asking
from stream.worker.cache import Cache
from stream.worker.entitykeys import (
    ENTITY,
    EVENT,
    NAMED,
    WAITING,
    fresh_rows,
    in_key_order,
    keys_of,
)
from stream.worker.entityload import EntityLoad
from stream.worker.linksink import KeyValues, LinkLoad, LinkRecord
from stream.worker.waitinglabels import WaitingLabels, newest_event
from stream.worker.written import Written
from topics.columns import Rows, joined, order_of, taken

CACHE_BYTES: Final = 32 << 20
MANY: Final = 50_000
"""Entities that are touched at once, as when a worker catches up, of which none is cached: to look
up so many in the store's own order takes less time than to keep them."""

Writes = dict[bytes, bytes | None]


class EntityStore:
    """Applies the links topic to packed entity states, and answers what they say.

    Under ``n`` + token stands an entity, under ``e`` + event the entities of an event that a label
    may still be about and its time, under ``w`` + event the labels that came before their event,
    as long as they may count.
    """

    def __init__(self, lag_ms: int, *, cache_bytes: int = CACHE_BYTES) -> None:
        self._lag_ms = lag_ms
        self._cache = Cache(cache_bytes)
        self._written: Written | None = None  # of a store that was empty when it was opened
        self._store: KeyValues | None = None
        self._waiting = WaitingLabels()  # hardly any, and every order and review is asked

    def open(self, store: KeyValues) -> None:
        """Take the store that holds what ``apply`` returned before."""
        self._store = store
        self._waiting.open(store)
        self._written = None if any(True for _ in store.keys(ENTITY)) else Written()
        self._cache.clear()

    def load(self, scratch: Path) -> LinkLoad:
        """Return what fills an empty store from many records; ``scratch`` is a folder of its."""
        return EntityLoad(scratch, self._lag_ms)

    def answers(self, events: Rows) -> NDArray[np.float64]:
        """Return what the entities of EVENT[n] say at their times, float64[n, 6, N_QUESTIONS]."""
        entities, touches, starts = group_touches(asking(events))
        result = visit(
            touches,
            starts,
            self._get(entities, keys_of(ENTITY, entities)),
            N_KINDS * len(events),
            lag_ms=self._lag_ms,
            keep=False,
        )
        return result.answers.reshape(len(events), N_KINDS, N_QUESTIONS)

    def apply(self, records: Sequence[LinkRecord]) -> Iterable[tuple[bytes, bytes | None]]:
        """Count links and labels in; return what to write. Rows handed over before are skipped."""
        rows = joined([np.zeros(0, LINK), *fresh_rows(records)])
        writes: Writes = {}
        links = self._resolved(rows, writes)
        entities, touches, starts = group_touches(adding(links))
        keys = keys_of(ENTITY, entities)
        if len(keys) > MANY:
            self._cache.clear()
        states = self._get(entities, keys, remember=False)  # they are about to be others
        result = visit(touches, starts, states, 0, lag_ms=self._lag_ms)
        values = result.states()
        if len(keys) <= MANY:
            self._cache.put_many(keys, values)
        if self._written is not None:
            self._written.add(entities)
        return chain(writes.items(), zip(keys, values, strict=True))

    def _resolved(self, rows: Rows, writes: Writes) -> Rows:
        """Give labels the entities of their events; keep those that came before their event."""
        writes.update(dict.fromkeys(self._waiting.pass_to(newest_event(rows))))
        is_label = rows["is_label"] == 1
        kept = taken(rows, np.flatnonzero(rows["kept"] == 1))
        kept = taken(kept, order_of(in_key_order(kept["event"])))
        named = np.empty(len(kept), NAMED)
        named["tokens"], named["event_ms"] = kept["tokens"], kept["event_ms"]
        data, size = named.tobytes(), NAMED.itemsize
        for i, key in enumerate(keys_of(EVENT, kept["event"])):
            writes[key] = data[size * i : size * (i + 1)]
        ready = [rows[~is_label]]
        places = keys_of(WAITING, kept["event"]) if self._waiting else []
        awaited = [i for i, place in enumerate(places) if place in self._waiting]
        for i, value in zip(awaited, self._read([places[i] for i in awaited]), strict=True):
            if places[i] not in self._waiting:
                continue  # the event comes twice
            late = self._waiting.young(np.frombuffer(value or b"", LINK)).copy()
            late["tokens"] = kept["tokens"][i]
            ready.append(late)
            writes[places[i]] = None
            self._waiting.discard(places[i])
        told = rows[is_label].copy()
        keys, places = keys_of(EVENT, told["event"]), keys_of(WAITING, told["event"])
        found = np.zeros(len(told), np.bool_)
        for i, known in enumerate(self._read(keys)):
            told_of = writes.get(keys[i]) or known
            if told_of:
                told["tokens"][i] = np.frombuffer(told_of, NAMED)["tokens"][0]
                found[i] = True
            elif self._waiting.add(places[i], int(told["time_ms"][i])):
                stored = None if places[i] in writes else self._read([places[i]])[0]
                before = writes.get(places[i]) or stored or b""
                writes[places[i]] = before + told[i].tobytes()
        return joined([*ready, told[found]])

    def _read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        if self._store is None:
            raise RuntimeError("the entity store is not open yet")
        return self._store.get_many(keys) if keys else []

    def _get(
        self, entities: NDArray[np.uint64], keys: Sequence[bytes], *, remember: bool = True
    ) -> list[bytes | None]:
        values, unknown = self._cache.get_many(keys)
        if unknown and self._written is not None:
            at = np.array(unknown)
            unknown = at[self._written.may_hold(entities[at])].tolist()
        if unknown:
            missing = [keys[position] for position in unknown]
            found = self._read(missing)
            for position, value in zip(unknown, found, strict=True):
                values[position] = value
            if remember:
                self._cache.put_many(missing, found)
        return values
