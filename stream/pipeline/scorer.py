"""How the pipeline asks for scores."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from topics.freefields import FreeField
from topics.scores import Head, ScoreInput, Scores


class Scorer(Protocol):
    """A model, or its absence."""

    @property
    def name(self) -> str:
        """What the model calls itself."""

    @property
    def version(self) -> str:
        """Which one of that name it is."""

    @property
    def usual(self) -> NDArray[np.float32]:
        """What each feature usually is, float32[F]; NaN where that is not known."""

    @property
    def fields(self) -> tuple[FreeField, ...]:
        """The shop's own fields that it reads besides, A of them."""

    @property
    def wants_past(self) -> bool:
        """Whether the users' past events are needed to score."""

    def score(self, x: ScoreInput) -> Scores:
        """Score whole batches; an event's scores do not depend on its neighbours beyond 1e-6."""

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        """Return float32[m, F + A], what each feature and field adds to the log-odds of ``head``.

        A model that reads words has one more column for ``fraud``, what they add. ``fraud`` is that
        of the event, ``bad`` that of its user turning bad.
        """


class NoScorer:
    """Decides by rules alone: there is no model, or scoring is switched off."""

    name = "none"
    version = "0"
    wants_past = False
    fields: tuple[FreeField, ...] = ()

    def __init__(self, n_features: int) -> None:
        self.usual = np.full(n_features, np.nan, np.float32)

    def score(self, x: ScoreInput) -> Scores:
        """Return NaN for every score."""
        unknown = np.full(len(x), np.nan)
        return Scores(unknown, unknown, unknown, unknown, np.zeros(len(x), np.bool_))

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        """Return zeros: without a model no feature contributes."""
        return np.zeros((len(rows), x.features.shape[1]), np.float32)
