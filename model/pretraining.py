"""Pretraining of the event Transformer: epochs over all events, whether or not they are labelled.

Fields of the current event are hidden and guessed from the rest and from the past events, and the
event itself is guessed from the past alone; `model.hiding` has the sources.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from model.bins import Bins
from model.checkpoint import Checkpoint
from model.compute import HERE, Compute
from model.descent import Descent, so_far
from model.guessing import HIDDEN_SHARE, Guesser, Guesses
from model.hiding import Hidden
from model.inputs import TextVectors, assemble, without_vectors
from model.progress import Report
from model.recipe import Recipe
from model.rows import TrainingRows, joined, take
from model.scalars import PRETRAINING_LOSS, Scalars
from topics.scores import ScoreInput

STAGE: Final = "pretraining"
"""What a state that `Pretraining.keep` keeps is of."""

MOST_TIME: Final = 0.5
"""Share of `Recipe.max_seconds` that pretraining may take; the rest is for the epochs."""


@dataclass
class Pretraining:
    """Pretraining under way; ``curve`` is the mean loss of each whole epoch, in nats."""

    guesser: Guesser
    bins: Bins
    x: ScoreInput
    texts: TextVectors
    recipe: Recipe
    descent: Descent
    checkpoint: Checkpoint
    curve: list[float] = field(default_factory=list)

    @classmethod
    def of(
        cls, guesser: Guesser, bins: Bins, x: ScoreInput, texts: TextVectors, recipe: Recipe,
        seed: int, checkpoint: Checkpoint, compute: Compute = HERE,
    ) -> "Pretraining":  # fmt: skip
        """Set up the pretraining of ``guesser.network`` on the events ``x``."""
        descent = Descent.of(guesser, recipe, np.random.default_rng([seed, 1]), compute)
        if recipe.max_seconds is not None:
            descent.max_seconds = MOST_TIME * recipe.max_seconds
        return cls(guesser, bins, x, texts, recipe, descent, checkpoint)

    def run(self, report: Report, scalars: Scalars) -> None:
        """Go through the epochs that are left, as far as the time allows."""
        n, descent = self.recipe.pretrain_epochs, self.descent
        self.guesser.train()
        while descent.whole_epochs < n and not descent.out_of_time():
            for index, done in descent.batches(
                self.recipe, lambda: descent.rng.permutation(len(self.x)), self.keep
            ):
                descent.step(self._losses(index), len(index))
                report(
                    f"pretraining: epoch {descent.whole_epochs + 1} of {n}",
                    (descent.whole_epochs + done) / n,
                )
            if descent.picked is None:
                self.curve.append(descent.mean_loss())
                scalars(PRETRAINING_LOSS, self.curve[-1], len(self.curve))
            self.keep()
        report("pretraining: done", 1.0)

    def _losses(self, index: NDArray[np.int64]) -> Iterator[Tensor]:
        """Yield the losses of this process's parts of a batch; what is hidden is of the batch."""
        compute, past = self.descent.compute, self.guesser.network.shape.past
        hidden = Hidden.drawn(len(index), self.x.features.shape[1], HIDDEN_SHARE)
        asked = Guesses.of(hidden, self.x.past["step"][index])
        for number, at in enumerate(compute.parts(len(index))):
            with compute.computing(self.recipe.precision, self.descent.steps, number):
                x, texts = take(self.x, index[at]), self.texts.take(index[at])
                inputs = assemble(x, texts, self.bins, past, compute.device)
                found: Tensor = self.guesser(inputs, x, hidden.part(at, compute.device), asked)
            yield found

    def keep(self) -> None:
        """Keep the state of the pretraining; one that loads it goes on as this one would."""
        self.checkpoint.keep_state(
            {**self.descent.state(), "stage": STAGE, "curve": self.curve},
            f"the network has had {so_far(self.descent)} of pretraining",
        )

    def load(self, state: dict[str, Any]) -> None:
        """Bring a pretraining that has just been set up to a state that was kept."""
        self.descent.load(state)
        self.curve = state["curve"]


def all_events(rows: TrainingRows, texts: TextVectors, n: int) -> tuple[ScoreInput, TextVectors]:
    """Return the first ``n`` of the rows, in time order, and the unanswered events before the rest.

    ``texts`` are those of the rows; texts of unanswered events are not encoded.
    """
    index = np.arange(n)
    x, found = take(rows.x, index), texts.take(index)
    if rows.unanswered is None:
        return x, found
    more = take(rows.unanswered, np.flatnonzero(rows.unanswered.rows["time_ms"] < rows.time_ms[n]))
    kinds = without_vectors(more.rows).kind
    at = np.zeros(len(more), np.int64)
    both = TextVectors(
        np.concatenate([found.kind, kinds]), np.concatenate([found.at, at]), found.vectors
    )
    return joined([x, more]), both
