"""The first half of a replay: states in memory, ideal visibility, nothing scored."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.entities import group_touches, visit
from stream.pipeline.entity_answers import N_QUESTIONS
from stream.pipeline.links import N_KINDS, adding, asking, event_links, label_links
from stream.pipeline.observe import Seen, observe
from stream.pipeline.users import UserResult
from stream.replay.history import Slice
from stream.replay.named import Named


@dataclass(frozen=True)
class ReplaySettings:
    """``lag_ms`` is the worker's visibility lag, ``zone_ms`` the shop's offset from UTC."""

    lag_ms: int = 2000
    zone_ms: int = 0


SharedOf = Callable[[NDArray[np.uint64]], NDArray[np.float32]]
"""Returns the shared features of events, float32[n, S], by their tokens."""


class Observer:
    """Takes slices of history through the states of users and entities, all kept in memory.

    Where ``shared`` is given, the shared features come from there and links are not counted.
    """

    def __init__(self, settings: ReplaySettings, shared: SharedOf | None = None) -> None:
        self._settings, self._shared = settings, shared
        self._users: dict[int, bytes] = {}
        self._entities: dict[int, bytes] = {}
        self._named = Named()

    def observe(self, part: Slice, *, want_past: bool) -> Seen:
        """Return what is known at each event of the next slice."""
        users = part.users.tolist()
        seen = observe(
            part.events,
            part.steps,
            [self._users.get(u) for u in users],
            lambda result: self._ask(part, result),
            zone_ms=self._settings.zone_ms,
            labels=part.labels.rows,
            shared=self._shared and self._shared(part.events.rows["event"]),
            want_past=want_past,
        )
        self._users.update(zip(users, seen.users.states(), strict=True))
        return seen

    def ask(self, part: Slice) -> Seen:
        """Return what is known at each event of a slice that names no entity; keep nothing."""
        unknown = np.full((len(part.events), N_KINDS, N_QUESTIONS), np.nan)
        states = [self._users.get(u) for u in part.users.tolist()]
        return observe(
            part.events, part.steps, states, lambda _: unknown, zone_ms=self._settings.zone_ms
        )

    def _ask(self, part: Slice, result: UserResult) -> NDArray[np.float64]:
        """Ask the entities of each event, and count its links right after; labels in their turn."""
        rows = part.events.rows
        if self._shared is not None:
            return np.zeros((len(rows), N_KINDS, N_QUESTIONS))
        links = event_links(rows, result.flags, np.arange(len(rows)))
        links["tokens"][result.duplicate] = 0
        kept = (links["kept"] == 1) & ~result.duplicate
        waited = self._named.keep(links[kept], part.event_seq[kept])
        told = label_links(part.labels.rows, result.label_change, part.label_seq)
        told = np.concatenate([self._named.resolve(told), waited])
        asked, added, labelled = asking(rows), adding(links), adding(told)
        turns = np.concatenate(
            [
                part.event_seq[asked["row"] // N_KINDS] * 2,
                np.repeat(part.event_seq, (links["tokens"] != 0).sum(axis=1)) * 2 + 1,
                np.repeat(told["offset"], (told["tokens"] != 0).sum(axis=1)) * 2,
            ]
        )
        touches = np.concatenate([asked, added, labelled])[np.argsort(turns, kind="stable")]
        entities, touches, starts = group_touches(touches)
        named = entities.tolist()
        states = [self._entities.get(token) for token in named]
        answers = visit(touches, starts, states, N_KINDS * len(rows), lag_ms=self._settings.lag_ms)
        self._entities.update(zip(named, answers.states(), strict=True))
        return answers.answers.reshape(len(rows), N_KINDS, N_QUESTIONS)
