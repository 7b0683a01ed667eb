"""Where a batch's CPU time goes, by stage."""

import time

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.scorer import Scorer
from topics.scores import Head, ScoreInput, Scores


class Stopwatch:
    """Adds up the CPU seconds of this thread by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.thread_time()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap to a stage."""
        now = time.thread_time()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now

    def move(self, source: str, stage: str, seconds: float) -> None:
        """Count some of the time of one stage to another."""
        self.seconds[source] -= seconds
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


class TimedScorer:
    """A scorer that knows how much CPU time of this thread its scores took."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._taken = 0.0
        self.name, self.version = scorer.name, scorer.version
        self.usual, self.wants_past = scorer.usual, scorer.wants_past

    def score(self, x: ScoreInput) -> Scores:
        """Score as the scorer does."""
        began = time.thread_time()
        scores = self._scorer.score(x)
        self._taken += time.thread_time() - began
        return scores

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        """Explain as the scorer does."""
        return self._scorer.explain(x, rows, head)

    def taken(self) -> float:
        """Return the CPU seconds of scoring since the last call."""
        taken, self._taken = self._taken, 0.0
        return taken
