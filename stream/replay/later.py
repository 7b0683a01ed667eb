"""A scorer that is asked only for what is reported: the history before only fills the states."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.scorer import NoScorer, Scorer
from stream.replay.history import Slice
from topics.freefields import FreeField
from topics.scores import Head, ScoreInput, Scores

T = TypeVar("T")


class Later:
    """Stands for ``scorer`` from the first slice on that reaches a moment, for none before."""

    def __init__(self, scorer: Scorer) -> None:
        self._real = scorer
        self._scorer: Scorer = NoScorer(len(scorer.usual))

    @property
    def live(self) -> bool:
        """Whether that moment is reached."""
        return self._scorer is self._real

    def watch(self, slices: Iterable[tuple[Slice, T]], from_ms: int) -> Iterator[tuple[Slice, T]]:
        """Yield the slices, each with what came with it; live from the first at ``from_ms`` on."""
        for part, rest in slices:
            if part.events.rows["time_ms"].max(initial=0) >= from_ms:
                self._scorer = self._real
            yield part, rest

    @property
    def name(self) -> str:
        """The scorer's name."""
        return self._real.name

    @property
    def version(self) -> str:
        """The scorer's version."""
        return self._real.version

    @property
    def usual(self) -> NDArray[np.float32]:
        """The scorer's usual values, float32[F]."""
        return self._real.usual

    @property
    def fields(self) -> tuple[FreeField, ...]:
        """The shop's own fields that the scorer reads."""
        return self._real.fields

    @property
    def wants_past(self) -> bool:
        """Whether the past is needed now."""
        return self._scorer.wants_past

    def score(self, x: ScoreInput) -> Scores:
        """Return the scores, all unknown before the moment."""
        return self._scorer.score(x)

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        """Return the contributions, zeros before the moment."""
        return self._scorer.explain(x, rows, head)
