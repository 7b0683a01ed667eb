"""The rows that expected spend is learned from: every customer, asked at regular moments."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.asked import Asked
from model.habits import NAMES as HABITS
from model.habits import habits
from stream.pipeline.features import N_FEATURES, NAMES
from stream.pipeline.windows import DAY_MS
from stream.replay.asking import Customers, ask_in_parts
from stream.replay.history import Slice
from stream.replay.replay import Replay
from stream.replay.sampled import HASH_RANGE, drawn
from stream.replay.spent import spent_after
from topics.columns import Rows
from topics.scores import ScoreInput

MAX_ROWS: Final = 60_000
"""Questions to learn from; where all would be more, a random part of the customers is asked."""


class Askedset:
    """Asks all customers of a replay at the rising ``moments``.

    ``before`` must be told each slice before the replay decides it, and `finish` be called at the
    end; no slice may reach across a moment. With ``features`` these are kept too, for an export.
    """

    def __init__(
        self, replay: Replay, moments: Sequence[int], horizon_ms: int, *, features: bool = False
    ) -> None:
        self._replay, self._moments, self._horizon_ms = replay, list(moments), horizon_ms
        self._customers = Customers()
        self._limit = HASH_RANGE
        self._keeps_features = features
        self._parts: list[tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float32]]] = []

    def before(self, part: Slice) -> None:
        """Ask at the moments that have come before the slice does."""
        times = [
            *part.events.rows["time_ms"][:1].tolist(),
            *part.labels.rows["known_ms"][:1].tolist(),
        ]
        while self._moments and times and self._moments[0] <= min(times):
            self._ask(self._moments.pop(0))
        self._customers.meet(part)

    def finish(self) -> None:
        """Ask at the moments that are left: nothing happened after them."""
        while self._moments:
            self._ask(self._moments.pop(0))

    def _ask(self, at_ms: int) -> None:
        """Ask those who are left when all moments that come have been asked at, and no others."""
        everybody, n_moments = self._customers.tokens(), 1 + len(self._moments)
        users = everybody[drawn(everybody, self._limit)]
        while sum(len(part[0]) for part in self._parts) + n_moments * len(users) > MAX_ROWS:
            self._limit //= 2
            users = everybody[drawn(everybody, self._limit)]
            kept = [drawn(asked, self._limit) for asked, _, _ in self._parts]
            self._parts = [
                (asked[at], times[at], known[at])
                for (asked, times, known), at in zip(self._parts, kept, strict=True)
            ]
        if len(users):
            known = [self._read(x) for x in ask_in_parts(self._replay, users, at_ms)]
            self._parts.append((users, np.full(len(users), at_ms), np.concatenate(known)))

    def _read(self, x: ScoreInput) -> NDArray[np.float32]:
        known = habits(x, NAMES, self._horizon_ms / DAY_MS)
        return np.concatenate([known, x.features], 1) if self._keeps_features else known

    def rows(self, orders: Rows) -> Asked:
        """Return the rows; ``orders`` are all order events up to the end, see `spent_after`."""
        users, times, known = self._joined()
        # What happens at the very moment comes after it.
        spend = spent_after(times - 1, users, orders, self._horizon_ms)
        return Asked(known[:, : len(HABITS)], spend.astype(np.float32), users, times)

    def features(self) -> NDArray[np.float32]:
        """Return the features at each row of `rows`, float32[n, F], where they were kept."""
        return self._joined()[2][:, len(HABITS) :]

    def user_ids(self) -> list[str]:
        """Return the users' ids at each row of `rows`."""
        named = dict(zip(self._customers.tokens().tolist(), self._customers.ids(), strict=True))
        return [named[user] for user in self._joined()[0].tolist()]

    def _joined(self) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float32]]:
        if not self._parts:
            width = len(HABITS) + N_FEATURES * self._keeps_features
            return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros((0, width), np.float32)
        users, times, known = zip(*self._parts, strict=True)
        return np.concatenate(users), np.concatenate(times), np.concatenate(known)
