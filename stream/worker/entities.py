"""What all workers know of devices, addresses, instruments, networks, sellers and review texts."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.entities import N_QUESTIONS, group_touches, visit
from stream.pipeline.links import LINK, N_KINDS, adding, asking
from stream.worker.processor import KeyValues, LinkRecord
from topics.columns import Rows

ENTITY: Final = b"n"
EVENT: Final = b"e"
WAITING: Final = b"w"
DAY_MS: Final = 86_400_000
CACHE_ENTRIES: Final = 200_000

Writes = dict[bytes, bytes | None]


class EntityStore:
    """Applies the links topic to packed entity states, and answers what they say.

    Under ``n`` + token stands an entity, under ``e`` + day + event the entities of an event that
    a label may still be about, under ``w`` + day + event a label that came before its event.
    """

    def __init__(self, lag_ms: int, *, cache_entries: int = CACHE_ENTRIES) -> None:
        self._lag_ms = lag_ms
        self._cache: dict[bytes, bytes | None] = {}
        self._cache_entries = cache_entries
        self._store: KeyValues | None = None

    def open(self, store: KeyValues) -> None:
        """Take the store that holds what ``apply`` returned before."""
        self._store = store
        self._cache.clear()

    def answers(self, events: Rows) -> NDArray[np.float64]:
        """Return what the entities of EVENT[n] say at their times, float64[n, 6, N_QUESTIONS]."""
        entities, touches, starts = group_touches(asking(events))
        states = self._get([ENTITY + e.tobytes() for e in entities])
        result = visit(
            touches, starts, states, N_KINDS * len(events), lag_ms=self._lag_ms, keep=False
        )
        return result.answers.reshape(len(events), N_KINDS, N_QUESTIONS)

    def apply(self, records: Sequence[LinkRecord]) -> list[tuple[bytes, bytes | None]]:
        """Count links and labels in; return what to write. Rows handed over before are skipped."""
        parts = [np.frombuffer(r.value, LINK) for r in records]
        parts = [p[p["offset"] > r.skip_to] for p, r in zip(parts, records, strict=True)]
        rows = np.concatenate(parts) if parts else np.zeros(0, LINK)
        writes: Writes = {}
        links = self._resolved(rows, writes)
        entities, touches, starts = group_touches(adding(links))
        keys = [ENTITY + e.tobytes() for e in entities]
        result = visit(touches, starts, self._get(keys), 0, lag_ms=self._lag_ms)
        for i, key in enumerate(keys):
            writes[key] = result.state(i)
        for key in writes:
            self._cache.pop(key, None)
        self._cache.update(writes)
        self._trim()
        return list(writes.items())

    def _resolved(self, rows: Rows, writes: Writes) -> Rows:
        """Give labels the entities of their events; keep those that came before their event."""
        kept = rows["kept"] == 1
        label = rows["is_label"] == 1
        tokens = {r["event"].tobytes(): r["tokens"].tobytes() for r in rows[kept]}
        for row in rows[kept]:
            writes[_key(EVENT, row)] = row["tokens"].tobytes()
        waiting_keys = [_key(WAITING, row) for row in rows[kept]]
        found = [w for w in self._get(waiting_keys) if w] if waiting_keys else []
        for key, value in zip(waiting_keys, self._get(waiting_keys), strict=True):
            if value:
                writes[key] = None
        told = rows[label]
        stored = self._get([_key(EVENT, row) for row in told])
        ready = np.zeros(len(told), np.bool_)
        told = told.copy()
        for i, from_store in enumerate(stored):
            known = tokens.get(told[i]["event"].tobytes(), from_store)
            if known:
                told["tokens"][i] = np.frombuffer(known, np.uint64)
                ready[i] = True
            else:
                key = _key(WAITING, told[i])
                before = writes.get(key) or next(iter(self._get([key]))) or b""
                writes[key] = before + told[i].tobytes()
        late = np.frombuffer(b"".join(found), LINK).copy()
        for i in range(len(late)):
            late["tokens"][i] = np.frombuffer(tokens[late[i]["event"].tobytes()], np.uint64)
        return np.concatenate([rows[~label], told[ready], late])

    def _get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        missing = [key for key in keys if key not in self._cache]
        if missing:
            if self._store is None:
                raise RuntimeError("the entity store is not open yet")
            self._cache.update(zip(missing, self._store.get_many(missing), strict=True))
        found = [self._cache[key] for key in keys]
        self._trim()
        return found

    def _trim(self) -> None:
        """Forget the entries that have been in the cache for the longest."""
        for key in list(self._cache)[: max(0, len(self._cache) - self._cache_entries)]:
            del self._cache[key]


def _key(prefix: bytes, row: np.void) -> bytes:
    """Return the key of an event: its day first, so that old days can be deleted as a range."""
    day = int(row["event_ms"]) // DAY_MS
    event: bytes = row["event"].tobytes()
    return prefix + day.to_bytes(4, "big") + event
