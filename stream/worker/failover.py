"""A scorer that may hang or lose its device; meanwhile the forest and the rules decide."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.scorer import Scorer
from topics.scores import Head, ScoreInput, ScorerDownError, Scores

log: Final = logging.getLogger(__name__)

SCORE_THREAD: Final = "score"
"""How the names of the threads begin on which scorers are asked."""

T = TypeVar("T")


class PartialScorer(Scorer, Protocol):
    """A scorer of which a part needs neither a device nor much time."""

    def score_by_forest(self, x: ScoreInput) -> Scores:
        """Score by the isolation forest alone, all events degraded."""

    def score_fully(self, x: ScoreInput) -> Scores:
        """Score however long it takes."""

    def read_texts(self, x: ScoreInput, at_most: int) -> bool:
        """Encode up to so many texts that are not yet; tell whether none is left."""


class Failover:
    """Asks ``scorer`` on a thread of its own, and does without where it is down.

    Down means that an answer took over ``timeout_s``, until it comes, or that ScorerDownError was
    raised, for ``pause_s``. Any other exception is the caller's: an event must not be decided by
    rules alone because of a mistake in the code. ``prepare`` is called first on the thread.
    """

    def __init__(
        self,
        scorer: PartialScorer,
        timeout_s: float,
        pause_s: float = 1.0,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._scorer, self._timeout_s, self._pause_s = scorer, timeout_s, pause_s
        self.name, self.version = scorer.name, scorer.version
        self.usual, self.wants_past = scorer.usual, scorer.wants_past
        self.fields = scorer.fields
        self._pool = ThreadPoolExecutor(1, SCORE_THREAD, prepare)
        self._hanging: Future[Any] | None = None
        self._retry_at = 0.0
        self._is_down = False

    def score(self, x: ScoreInput) -> Scores:
        """Score as the scorer does, or by the forest alone where it is down."""
        try:
            return self._ask(lambda: self._scorer.score(x))
        except ScorerDownError:
            return self._scorer.score_by_forest(x)

    def score_fully(self, x: ScoreInput) -> Scores:
        """Score however long it takes; raises ScorerDownError where the scorer is down."""
        return self._ask(lambda: self._scorer.score_fully(x))

    def read_texts(self, x: ScoreInput, at_most: int) -> bool:
        """Encode a few texts beforehand; tell whether none is left. Any thread may call this.

        Raises ScorerDownError where the scorer is down, and tells nobody else so.
        """
        if self._away():
            raise ScorerDownError("the scorer is down")
        try:
            return self._pool.submit(self._scorer.read_texts, x, at_most).result(self._timeout_s)
        except TimeoutError:
            raise ScorerDownError("the scorer hangs") from None

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        """Explain as the scorer does; zeros where it is down."""
        try:
            return self._ask(lambda: self._scorer.explain(x, rows, head))
        except ScorerDownError:
            return np.zeros((len(rows), x.features.shape[1]), np.float32)

    def _ask(self, question: Callable[[], T]) -> T:
        if self._hanging is not None and self._hanging.done():
            self._hanging = None
        if self._away():
            raise ScorerDownError("the scorer is down")

        asked = self._pool.submit(question)
        try:
            answer = asked.result(self._timeout_s)
        except TimeoutError:
            self._hanging = asked
            self._down(f"it has not answered for {self._timeout_s:g} s")
            raise ScorerDownError("the scorer hangs") from None
        except ScorerDownError as error:
            self._retry_at = time.monotonic() + self._pause_s
            self._down(str(error))
            raise
        if self._is_down:
            self._is_down = False
            log.warning("The scorer is back; what was decided without it is decided again.")
        return answer

    def _away(self) -> bool:
        return self._hanging is not None or time.monotonic() < self._retry_at

    def _down(self, why: str) -> None:
        if not self._is_down:
            self._is_down = True
            log.error("The scorer is down, rules and forest decide meanwhile: %s", why)
