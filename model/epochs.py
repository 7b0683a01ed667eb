"""The epochs of the event Transformer's training, and the figure on validation that ends them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from model.adversarial import worsened
from model.baseline import ranking
from model.bins import Bins
from model.checkpoint import Checkpoint
from model.descent import Descent, so_far
from model.inputs import TextVectors, assemble, forget
from model.losses import Answers, answers, loss, shares
from model.predict import outputs
from model.progress import NO_GAIN, OUT_OF_TIME, Report
from model.recipe import Recipe
from model.rows import MIN_POSITIVES, TrainingRows, take
from model.scalars import (
    LEARNING_RATE,
    LOSS,
    VALIDATION_LOSS,
    VALIDATION_PRECISION,
    Scalars,
    unrecorded,
)
from model.slices import epoch_rows
from model.transformer import EventTransformer

STAGE: Final = "epochs"
"""What a state that `Run.keep` keeps is of."""


@dataclass
class Run:
    """One training under way: everything that changes from batch to batch.

    ``shift`` undoes the down-sampling of negatives in the fraud head's log-odds, `kept_share`;
    ``pretraining`` is the mean loss of each epoch of it that came before, ``curve`` the figure on
    validation after each epoch, ``best`` the weights where it was best.
    """

    network: EventTransformer
    bins: Bins
    rows: TrainingRows
    texts: TextVectors
    recipe: Recipe
    spend_scale: float
    shift: float
    descent: Descent
    average: AveragedModel
    checkpoint: Checkpoint
    scalars: Scalars = unrecorded
    pretraining: list[float] = field(default_factory=list)
    curve: list[float] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    ended: str | None = None

    def epoch(self, share: float, report: Report) -> None:
        """Go once through the positives and ``share`` of the other rows, or on through them."""
        n_done, n = len(self.curve), self.recipe.epochs
        best = f", best on validation {max(self.curve):.3f}" if self.curve else ""
        self.network.train()
        for index, done in self.descent.batches(
            self.recipe, lambda: epoch_rows(self.rows.label, share, self.descent.rng), self.keep
        ):
            self.descent.step(self._losses(index), len(index))
            self.average.update_parameters(self.network)
            report(f"training: epoch {n_done + 1} of at most {n}{best}", (n_done + done) / n)

    def _losses(self, index: NDArray[np.int64]) -> Iterator[Tensor]:
        """Yield the losses of this process's parts of a batch; what is random is of the batch."""
        recipe, compute = self.recipe, self.descent.compute
        texts = forget(self.texts.take(index), recipe.forget_texts, self.descent.rng)
        gone = torch.rand(len(index), 1) < recipe.forget_identities
        whole = answers(self.rows, index)
        for number, at in enumerate(compute.parts(len(index))):
            with compute.computing(recipe.precision, self.descent.steps, number):
                value = self._loss(
                    index[at], texts.take(np.arange(len(index))[at]), gone[at], whole
                )
            yield value

    def _loss(
        self, index: NDArray[np.int64], texts: TextVectors, gone: Tensor, whole: Answers
    ) -> Tensor:
        network, device = self.network, self.descent.compute.device
        inputs = assemble(take(self.rows.x, index), texts, self.bins, network.shape.past, device)
        embedded = network.embed(network.drop_identities(inputs, gone.to(device)))
        known = answers(self.rows, index)
        share, known = shares(known, whole), known.to(device)
        value = loss(network.answer(*embedded), known, self.spend_scale, share)
        if not self.recipe.adversarial:
            return value
        moved = worsened(embedded, value, self.recipe.adversarial)
        return value + loss(network.answer(*moved), known, self.spend_scale, share)

    def judge(self, held: TrainingRows, texts: TextVectors) -> None:
        """Rate the averaged weights on rows of which none was left out; keep them if the best."""
        network = cast(EventTransformer, self.average.module).eval()
        out = outputs(network, network.table().detach(), self.bins, held.x, texts)
        out[:, 0] += self.shift
        found = ranking(out[:, 0], held.label)
        precision, epoch = found.average_precision, len(self.curve) + 1
        if precision is None or found.n_fraud < MIN_POSITIVES:
            everything = answers(held, np.arange(len(held)))
            precision = -float(loss(torch.from_numpy(out), everything, self.spend_scale))
            self.scalars(VALIDATION_LOSS, -precision, epoch)
        else:
            self.scalars(VALIDATION_PRECISION, precision, epoch)
        if self.descent.n_seen:
            self.scalars(LOSS, self.descent.mean_loss(), epoch)
            self.scalars(LEARNING_RATE, self.descent.rate(), epoch)
        self.curve.append(precision)
        if precision >= max(self.curve):
            self.best = {key: kept.clone() for key, kept in network.state_dict().items()}

    def decide(self) -> None:
        """Say what ends the training, if anything does, by what the first process has rated.

        ``no_gain``: it has not become better for long. ``time``: there is none left.
        """
        self.curve = self.descent.compute.ranks.agreed(self.curve)
        waited = len(self.curve) - 1 - int(np.argmax(self.curve))
        if waited >= self.recipe.patience:
            self.ended = NO_GAIN
        elif self.descent.out_of_time():
            self.ended = OUT_OF_TIME

    def keep(self) -> None:
        """Keep the state of the training; a run that loads it goes on as this one would."""
        self.checkpoint.keep_state(
            {
                **self.descent.state(),
                "stage": STAGE,
                "average": self.average.state_dict(),
                "best": self.best,
                "curve": self.curve,
                "ended": self.ended,
                "pretraining": self.pretraining,
            },
            f"the network has had {so_far(self.descent)}",
        )

    def load(self, state: dict[str, Any]) -> None:
        """Bring a training that has just been set up to a state that was kept."""
        self.descent.load(state)
        self.average.load_state_dict(state["average"])
        self.best, self.curve, self.ended = state["best"], state["curve"], state["ended"]
        self.pretraining = state["pretraining"]
