"""Gradient descent over the rows of epochs: its steps, and where it is, to go on from there."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.checkpoint import EVERY_S
from model.compute import HERE, Compute
from model.recipe import Recipe

WARM_UP: Final = 50
"""Steps over which the learning rate rises to that of the recipe."""


@dataclass
class Descent:
    """AdamW on ``network``, the rows of the epoch under way, and the time that it has taken.

    ``picked`` are the rows of this epoch, of which ``at`` have been gone through; None: an epoch is
    to begin. ``total`` is the sum of the losses of its ``n_seen`` rows so far. At most
    ``max_seconds`` are spent; None: there is no limit. ``compute`` is where steps are computed; of
    its processes the first says when the time is over.
    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    learning_rate: float
    max_seconds: float | None
    rng: np.random.Generator
    compute: Compute = HERE
    began_s: float = field(default_factory=time.monotonic)
    steps: int = 0
    whole_epochs: int = 0
    picked: NDArray[np.int64] | None = None
    at: int = 0
    total: float = 0.0
    n_seen: int = 0

    @classmethod
    def of(
        cls, network: nn.Module, recipe: Recipe, rng: np.random.Generator, compute: Compute = HERE
    ) -> "Descent":
        """Return a descent that has not begun; only matrices decay."""
        matrices = [weight for weight in network.parameters() if weight.ndim > 1]
        vectors = [weight for weight in network.parameters() if weight.ndim == 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate)
        return cls(network, optimiser, recipe.learning_rate, recipe.max_seconds, rng, compute)

    def spent_s(self) -> float:
        """Return the seconds that the epochs have taken, in earlier runs too."""
        return time.monotonic() - self.began_s

    def out_of_time(self) -> bool:
        """Whether the epochs have taken all the time they may; all processes ask at once."""
        if self.max_seconds is None:
            return False
        return self.compute.ranks.agreed(self.spent_s() > self.max_seconds)

    def batches(
        self, recipe: Recipe, draw: Callable[[], NDArray[np.int64]], keep: Callable[[], None]
    ) -> Iterator[tuple[NDArray[np.int64], float]]:
        """Yield an epoch's rows in batches, and the share of the epoch that came before each.

        ``draw`` gives the rows where an epoch begins; ``keep`` is called now and then between two
        batches. Ends early, with the epoch under way, where the time runs out.
        """
        if self.picked is None:
            self.picked, self.at, self.total, self.n_seen = draw(), 0, 0.0, 0
        picked, kept_s = self.picked, time.monotonic()
        size = batch_size(len(picked), recipe)
        while self.at < len(picked):
            if self.out_of_time():
                return
            if time.monotonic() - kept_s > EVERY_S:
                keep()
                kept_s = time.monotonic()
            yield picked[self.at : self.at + size], self.at / len(picked)
            self.at += size
        self.picked = None
        self.whole_epochs += 1

    def step(self, parts: Iterable[Tensor], n: int) -> None:
        """Take one step that lowers the mean loss of ``n`` rows.

        ``parts`` are the losses of this process's parts of the rows, `Compute.parts`; those of all
        processes add up to the mean. Gradients are clipped to norm 1.
        """
        self.steps += 1
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * min(1.0, self.steps / WARM_UP)
        self.optimiser.zero_grad()
        value = 0.0
        for part in parts:
            part.backward()  # type: ignore[no-untyped-call]
            value += part.item()
        value = self.compute.ranks.summed(self.network, value)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.total += n * value
        self.n_seen += n

    def mean_loss(self) -> float:
        """Return the mean loss of the rows of the epoch so far, of which there are some."""
        return self.total / self.n_seen

    def rate(self) -> float:
        """Return the learning rate of the last step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def state(self) -> dict[str, Any]:
        """Return all that changes from step to step, random numbers included; see `load`."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.steps,
            "whole_epochs": self.whole_epochs,
            "picked": None if self.picked is None else torch.from_numpy(self.picked),
            "at": self.at,
            "total": self.total,
            "n_seen": self.n_seen,
            "spent_s": self.spent_s(),
            "rng": json.dumps(self.rng.bit_generator.state),  # holds integers of 128 bits
            "torch_rng": torch.get_rng_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a ``state``; the time that had been spent counts."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps, self.whole_epochs = state["steps"], state["whole_epochs"]
        self.picked = None if state["picked"] is None else state["picked"].numpy()
        self.at, self.total, self.n_seen = state["at"], state["total"], state["n_seen"]
        self.began_s -= state["spent_s"]
        self.rng.bit_generator.state = json.loads(state["rng"])
        torch.set_rng_state(state["torch_rng"])


def so_far(descent: Descent) -> str:
    """Say how many epochs a descent has been through.

    >>> so_far(Descent.of(nn.Linear(1, 1), Recipe(), np.random.default_rng(0)))
    '0 whole epochs'
    """
    n, within = descent.whole_epochs, "" if descent.picked is None else " and a part"
    return f"{n} whole epoch{'' if n == 1 else 's'}{within}"


def batch_size(n_rows: int, recipe: Recipe) -> int:
    """Return the rows of a batch: smaller where an epoch would have too few steps.

    >>> batch_size(30_000, Recipe(batch=1024, steps_per_epoch=60))
    500
    """
    return int(np.clip(n_rows // recipe.steps_per_epoch, 128, recipe.batch))
