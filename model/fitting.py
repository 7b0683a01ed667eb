"""Fitting the event Transformer: epochs over shuffled rows, weight averaging, early stopping."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.baseline import ranking
from model.bins import Bins
from model.checkpoint import EVERY_S, NOTHING_KEPT, Checkpoint
from model.inputs import WITH_VECTOR, TextVectors, assemble, forget
from model.losses import answers, loss
from model.predict import outputs
from model.progress import EPOCHS, NO_GAIN, OUT_OF_TIME, Report
from model.recipe import Recipe
from model.resuming import keep, resume
from model.rows import MIN_POSITIVES, TrainingRows, take, teachable
from model.slices import Slices, epoch_rows, kept_share
from model.transformer import EventTransformer, Shape

Build = Callable[[Shape, Tensor, float], EventTransformer]
"""Makes an untrained network of a shape, the first rows of the numeric table, and dropout."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network and what its outputs mean.

    ``shift`` undoes the down-sampling of negatives in the fraud head's log-odds; ``spend_scale`` is
    the unit of the mean-spend head; ``heads`` are those that had something to learn from; ``log``
    tells how the training went: ``epochs`` begun, ``whole_epochs`` among them, and ``ended_by``.
    """

    network: EventTransformer
    bins: Bins
    shift: float
    spend_scale: float
    heads: list[str]
    log: dict[str, Any]


@dataclass
class Run:
    """One training under way: everything that changes from batch to batch."""

    network: EventTransformer
    bins: Bins
    rows: TrainingRows
    texts: TextVectors
    recipe: Recipe
    spend_scale: float
    rng: np.random.Generator
    optimiser: torch.optim.Optimizer
    average: AveragedModel
    checkpoint: Checkpoint
    began_s: float = field(default_factory=time.monotonic)
    curve: list[float] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    steps: int = 0
    whole_epochs: int = 0
    picked: NDArray[np.int64] | None = None
    at: int = 0
    ended: str | None = None

    def spent_s(self) -> float:
        """Return the seconds that the epochs have taken, in earlier runs too."""
        return time.monotonic() - self.began_s

    def out_of_time(self) -> bool:
        """Whether the epochs have taken all the time they may."""
        most = self.recipe.max_seconds
        return most is not None and self.spent_s() > most

    def epoch(self, share: float, report: Report) -> None:
        """Go once through the positives and ``share`` of the other rows, or on through them."""
        recipe, n_done, kept_s = self.recipe, len(self.curve), time.monotonic()
        if self.picked is None:
            self.picked, self.at = epoch_rows(self.rows.label, share, self.rng), 0
        picked = self.picked
        size = int(np.clip(len(picked) // recipe.steps_per_epoch, 128, recipe.batch))
        best = f", best on validation {max(self.curve):.3f}" if self.curve else ""
        self.network.train()
        for begin in range(self.at, len(picked), size):
            if self.out_of_time():
                return
            if time.monotonic() - kept_s > EVERY_S:
                keep(self, self.checkpoint)
                kept_s = time.monotonic()
            self._step(picked[begin : begin + size])
            self.at = begin + size
            done = (n_done + begin / len(picked)) / recipe.epochs
            report(f"training: epoch {n_done + 1} of at most {recipe.epochs}{best}", done)
        self.picked = None
        self.whole_epochs += 1

    def _step(self, index: NDArray[np.int64]) -> None:
        recipe, rows = self.recipe, self.rows
        known = forget(self.texts.take(index), recipe.forget_texts, self.rng)
        inputs = assemble(
            take(rows.x, index), known, self.bins, self.network.shape.past, torch.device("cpu")
        )
        out = self.network(self.network.drop_identities(inputs, recipe.forget_identities))
        value = loss(out, answers(rows, index), self.spend_scale)
        self.steps += 1
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, self.steps / 50)
        self.optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.average.update_parameters(self.network)

    def judge(self, held: TrainingRows, texts: TextVectors) -> str | None:
        """Rate the averaged weights, keep them if they are the best; say what ends the training.

        ``no_gain``: it has not become better for long. ``time``: there is none left.
        """
        network = cast(EventTransformer, self.average.module).eval()
        out = outputs(network, network.table().detach(), self.bins, held.x, texts)
        found = ranking(out[:, 0], held.label)
        precision = found.average_precision
        if precision is None or found.n_fraud < MIN_POSITIVES:
            everything = answers(held, np.arange(len(held)))
            precision = -float(loss(torch.from_numpy(out), everything, self.spend_scale))
        self.curve.append(precision)
        if precision >= max(self.curve):
            self.best = {key: kept.clone() for key, kept in network.state_dict().items()}
        waited = len(self.curve) - 1 - int(np.argmax(self.curve))
        if waited >= self.recipe.patience:
            return NO_GAIN
        return OUT_OF_TIME if self.out_of_time() else None


def fit_network(
    rows: TrainingRows,
    texts: TextVectors,
    slices: Slices,
    recipe: Recipe,
    *,
    seed: int,
    report: Report,
    build: Build = EventTransformer,
    checkpoint: Checkpoint = NOTHING_KEPT,
    exact: NDArray[np.bool_] | None = None,
) -> Fitted:
    """Train on the first slice of ``rows`` (in time order), stop on the second.

    The weights that are kept are a running average (Polyak and Juditsky 1992) at the epoch with the
    best average precision on validation, or the least loss where too few frauds are in it.
    ``build`` makes the network. What ``checkpoint`` holds of this training is gone on with.
    ``exact`` bool[F] marks features whose every value is one by itself, as `Bins.fit` takes it.
    """
    learned, heads = teachable(rows.take(np.arange(slices.train)))
    later = np.arange(slices.train, slices.validation)
    n_positive = int((learned.label == 1).sum())
    share = kept_share(
        len(learned) - n_positive,
        n_positive,
        ratio=recipe.negatives_per_positive,
        at_least=recipe.at_least_negatives,
    )
    run = _start(learned, texts.take(np.arange(slices.train)), recipe, seed, build, exact)
    run.checkpoint = checkpoint
    resume(run, checkpoint)
    while run.ended is None and len(run.curve) < recipe.epochs:
        run.epoch(share, report)
        run.ended = run.judge(rows.take(later), texts.take(later))
        keep(run, checkpoint)
    report("training: done", 1.0)
    run.network.load_state_dict(run.best)
    log = {
        "epochs": len(run.curve), "whole_epochs": run.whole_epochs, "steps": run.steps,
        "ended_by": run.ended or EPOCHS, "validation": run.curve,
    }  # fmt: skip
    shift = float(np.log(share)) if "fraud" in heads else 0.0
    return Fitted(run.network.eval(), run.bins, shift, run.spend_scale, heads, log)


def _start(
    rows: TrainingRows,
    texts: TextVectors,
    recipe: Recipe,
    seed: int,
    build: Build,
    exact: NDArray[np.bool_] | None,
) -> Run:
    torch.manual_seed(seed)
    positive = rows.label == 1
    weight = np.where(positive, 1 / max(positive.sum(), 1), 1 / max((~positive).sum(), 1))
    bins = Bins.fit(rows.x.features, weight, exact)
    width = texts.vectors.shape[1] if (texts.kind == WITH_VECTOR).any() else 0
    shape = Shape(
        n_rows=bins.n_rows, text=width, past=min(recipe.past, rows.x.past.shape[1]),
        d=recipe.d, heads=recipe.heads, layers=recipe.layers,
    )  # fmt: skip
    network = build(shape, torch.from_numpy(bins.first), recipe.dropout)
    if width:
        network.text_mean.copy_(torch.from_numpy(texts.vectors.mean(0)))
        network.text_scale.copy_(torch.from_numpy(1 / (texts.vectors.std(0) + 1e-3)))
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    vectors = [weight for weight in network.parameters() if weight.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate)
    averaging = get_ema_multi_avg_fn(recipe.averaging)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=averaging)
    known = rows.spend[np.isfinite(rows.spend)]
    return Run(
        network, bins, rows, texts, recipe, float(known.mean()) if len(known) else 1.0,
        np.random.default_rng(seed), optimiser, average, NOTHING_KEPT,
    )  # fmt: skip
