"""History through the worker's own pipeline, with states in memory and ideal visibility."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.layout import HEADER_BYTES
from stream.pipeline.observe import Seen
from stream.pipeline.pipeline import Decided, judge
from stream.pipeline.policy import Policy
from stream.pipeline.scorer import Scorer
from stream.replay.history import Slice
from stream.replay.observer import Observer, ReplaySettings, SharedOf

__all__ = ["Judge", "Replay", "ReplaySettings"]


class Judge:
    """The second half of a replay: scores what was seen, decides, and remembers credit by user.

    Credit is what a state holds that depends on scores. It stands in the header of a packed state,
    and headers are all that is kept here, so that the first half can run elsewhere, ahead.
    """

    def __init__(self, policy: Policy, scorer: Scorer) -> None:
        self._policy, self._scorer = policy, scorer
        self._headers: dict[int, bytes] = {}

    def judge(self, part: Slice, seen: Seen) -> Decided:
        """Decide the next slice."""
        users = part.users.tolist()
        empty = bytes(HEADER_BYTES)
        headers = b"".join([self._headers.get(user, empty) for user in users])
        packed = np.frombuffer(headers, np.uint8).copy()
        ends: NDArray[np.int64] = np.arange(len(users) + 1) * HEADER_BYTES
        seen = replace(seen, users=replace(seen.users, packed=packed, ends=ends))
        decided = judge(seen, self._policy, self._scorer)
        self._headers.update(zip(users, decided.users.states(), strict=True))
        return decided


class Replay:
    """Decides slices of history in turn; keeps all states in memory.

    ``shared`` returns the shared features of events, float32[n, S], by their tokens, where they
    are known from a log: then what users share is not counted at all.
    """

    def __init__(
        self,
        policy: Policy,
        scorer: Scorer,
        settings: ReplaySettings,
        *,
        shared: SharedOf | None = None,
    ) -> None:
        self._observer, self._judge = Observer(settings, shared), Judge(policy, scorer)
        self._scorer = scorer

    def run(self, slices: Iterable[Slice]) -> Iterator[tuple[Slice, Decided]]:
        """Yield each slice with what the pipeline decided."""
        for part in slices:
            yield part, self.decide(part)

    def decide(self, part: Slice) -> Decided:
        """Decide the next slice."""
        seen = self._observer.observe(part, want_past=self._scorer.wants_past)
        return self._judge.judge(part, seen)

    def ask(self, part: Slice) -> Seen:
        """Return what is known at events that name no entity, as if they never came."""
        return self._observer.ask(part)
