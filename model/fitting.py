"""Fitting the event Transformer: epochs over shuffled rows, weight averaging, early stopping."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.bins import Bins
from model.checkpoint import NOTHING_KEPT, Checkpoint
from model.compute import HERE, Compute
from model.descent import Descent
from model.epochs import Run
from model.guessing import Guesser
from model.inputs import WITH_VECTOR, TextVectors
from model.pretraining import STAGE as PRETRAINING
from model.pretraining import Pretraining, all_events
from model.progress import EPOCHS, Report
from model.ranks import GoneError
from model.recipe import Recipe
from model.rows import TrainingRows, teachable
from model.scalars import Scalars, unrecorded
from model.slices import Slices, kept_share
from model.standins import stand_ins
from model.transformer import EventTransformer, Shape

Build = Callable[[Shape, Tensor, float], EventTransformer]
"""Makes an untrained network of a shape, the first rows of the numeric table, and dropout."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network and what its outputs mean.

    ``shift`` undoes the down-sampling of negatives in the fraud head's log-odds; ``spend_scale`` is
    the unit of the mean-spend head; ``heads`` are those that had something to learn from; ``log``
    tells how the training went: ``epochs`` begun, ``whole_epochs`` among them, ``ended_by``, and
    ``computed``, where and how, if not as usual.
    """

    network: EventTransformer
    bins: Bins
    shift: float
    spend_scale: float
    heads: list[str]
    log: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Task:
    """What every process of a training knows of it; see `fit_network`."""

    rows: TrainingRows
    texts: TextVectors
    slices: Slices
    recipe: Recipe
    seed: int
    exact: NDArray[np.bool_] | None

    def bare(self) -> "Task":
        """Return the task without what the network does not read."""
        x = replace(self.rows.x, texts=[None] * len(self.rows), attributes=None)
        return replace(self, rows=replace(self.rows, x=x, asked=None))


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
    scalars: Scalars = unrecorded,
    compute: Compute = HERE,
) -> Fitted:
    """Train on the first slice of ``rows`` (in time order), stop on the second.

    The weights that are kept are a running average (Polyak and Juditsky 1992) at the epoch with the
    best average precision on validation, or the least loss where too few frauds are in it; rows
    whose text is not encoded are judged by their `stand_ins`.
    ``build`` makes the network. What ``checkpoint`` holds of this training is gone on with.
    ``exact`` bool[F] marks features whose every value is one by itself, as `Bins.fit` takes it.
    ``scalars`` is told the figures of every epoch. Where the recipe pretrains, events of
    ``rows.unanswered`` before the second slice take part. Where ``compute`` has several processes,
    this is the first of them, and the others `follow`.
    """
    task = Task(rows, texts, slices, recipe, seed, exact)
    if compute.ranks.n > 1:
        compute.ranks.agreed(task.bare())
    return _fit(task, report, build, checkpoint, scalars, compute)


def follow(compute: Compute) -> bool:
    """Take part in the training that the first process of ``compute`` begins, until it is done.

    Return False where it has ended without beginning one, of which it will have told the reason.
    Raises GoneError where another process ends in the middle.
    """
    try:
        task: Task = compute.ranks.agreed(cast(Task, None))
    except GoneError:
        return False
    _fit(task, lambda what, share: None, EventTransformer, NOTHING_KEPT, unrecorded, compute)
    return True


def _fit(
    task: Task,
    report: Report,
    build: Build,
    checkpoint: Checkpoint,
    scalars: Scalars,
    compute: Compute,
) -> Fitted:
    """Train the network; in processes that follow, what is returned is of no use."""
    rows, texts, slices, recipe = task.rows, task.texts, task.slices, task.recipe
    learned, heads = teachable(rows.take(np.arange(slices.train)))
    later = stand_ins(rows, texts, slices.numbers())[slices.train : slices.validation]
    n_positive = int((learned.label == 1).sum())
    share = kept_share(
        len(learned) - n_positive,
        n_positive,
        ratio=recipe.negatives_per_positive,
        at_least=recipe.at_least_negatives,
    )
    known_texts = texts.take(np.arange(slices.train))
    state = compute.ranks.agreed(checkpoint.state())
    torch.manual_seed(task.seed)
    network, bins = _untrained(learned, known_texts, recipe, build, task.exact)
    network.to(compute.device)
    pretraining = None
    if recipe.pretrain_epochs and (state is None or state["stage"] == PRETRAINING):
        x, of_x = all_events(rows, texts, slices.train)
        guesser = Guesser(network).to(compute.device)
        pretraining = Pretraining.of(guesser, bins, x, of_x, recipe, task.seed, checkpoint, compute)
        if state is not None:
            pretraining.load(state)
        pretraining.run(report, scalars)
    shift = float(np.log(share)) if "fraud" in heads else 0.0
    run = _start(network, bins, learned, known_texts, recipe, shift, task.seed, checkpoint, compute)
    run.scalars = scalars
    if pretraining is not None:
        run.pretraining, run.descent.began_s = pretraining.curve, pretraining.descent.began_s
    elif state is not None:
        run.load(state)
    while run.ended is None and len(run.curve) < recipe.epochs:
        run.epoch(share, report)
        if compute.ranks.leads:
            run.judge(rows.take(later), texts.take(later))
        run.decide()
        run.keep()
    report("training: done", 1.0)
    if compute.ranks.leads:
        run.network.load_state_dict(run.best)
    log = {
        "epochs": len(run.curve), "whole_epochs": run.descent.whole_epochs,
        "steps": run.descent.steps, "ended_by": run.ended or EPOCHS, "validation": run.curve,
        **compute.told(recipe.precision),
    }  # fmt: skip
    if recipe.pretrain_epochs:
        log["pretraining_loss"] = run.pretraining
    return Fitted(run.network.cpu().eval(), run.bins, shift, run.spend_scale, heads, log)


def _untrained(
    rows: TrainingRows,
    texts: TextVectors,
    recipe: Recipe,
    build: Build,
    exact: NDArray[np.bool_] | None,
) -> tuple[EventTransformer, Bins]:
    positive = rows.label == 1
    weight = np.where(positive, 1 / max(positive.sum(), 1), 1 / max((~positive).sum(), 1))
    bins = Bins.fit(rows.x.features, weight, exact, rows.x.rows["amount"])
    width = texts.vectors.shape[1] if (texts.kind == WITH_VECTOR).any() else 0
    shape = Shape(
        n_rows=bins.n_rows, text=width, past=min(recipe.past, rows.x.past.shape[1]),
        d=recipe.d, heads=recipe.heads, layers=recipe.layers,
    )  # fmt: skip
    network = build(shape, torch.from_numpy(bins.first), recipe.dropout)
    if width:
        network.text_mean.copy_(torch.from_numpy(texts.vectors.mean(0)))
        network.text_scale.copy_(torch.from_numpy(1 / (texts.vectors.std(0) + 1e-3)))
    return network, bins


def _start(
    network: EventTransformer,
    bins: Bins,
    rows: TrainingRows,
    texts: TextVectors,
    recipe: Recipe,
    shift: float,
    seed: int,
    checkpoint: Checkpoint,
    compute: Compute,
) -> Run:
    descent = Descent.of(network, recipe, np.random.default_rng(seed), compute)
    averaging = get_ema_multi_avg_fn(recipe.averaging)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=averaging)
    known = rows.spend[np.isfinite(rows.spend)]
    scale = float(known.mean()) if len(known) else 1.0
    return Run(network, bins, rows, texts, recipe, scale, shift, descent, average, checkpoint)
