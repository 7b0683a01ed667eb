"""Where and how the steps of a training are computed: device, precision, processes and parts."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch

from model.ranks import ALONE, Ranks

CPU: Final = torch.device("cpu")
PRECISIONS: Final = ("float32", "bfloat16")


@dataclass(frozen=True)
class Compute:
    """The ``device`` of each of the processes ``ranks``, and in how many parts it takes its rows.

    Every process computes its share of each batch, in ``accumulate`` parts one after another, and
    their gradients add up to that of the whole batch. So nothing here changes what is learned but
    rounding, and which units dropout leaves out.
    """

    device: torch.device = CPU
    accumulate: int = 1
    ranks: Ranks = ALONE

    def parts(self, n: int) -> list[slice]:
        """Return which of the ``n`` rows of a batch this process takes, part by part.

        Parts differ by one row at most, and none is empty; there may be none.

        >>> Compute(accumulate=2, ranks=Ranks(1, 3)).parts(10)
        [slice(3, 4, None), slice(4, 6, None)]
        """
        rank, n_ranks = self.ranks.rank, self.ranks.n
        first, end = n * rank // n_ranks, n * (rank + 1) // n_ranks
        cuts = [
            first + (end - first) * part // self.accumulate for part in range(self.accumulate + 1)
        ]
        return [slice(a, b) for a, b in itertools.pairwise(cuts) if a < b]

    @contextmanager
    def computing(self, precision: str, step: int, part: int) -> Iterator[None]:
        """Compute the loss of a part of a step in the block; ``precision`` is that of products.

        One process on the processor goes on with PyTorch's random numbers. Else dropout has its own
        for each step, process and part, after which the numbers are as before: all processes draw
        the same where they draw for a whole batch, and no device's generator need be kept.
        """
        rounded = torch.autocast(
            self.device.type, torch.bfloat16, enabled=precision == "bfloat16"
        )  # with bfloat16's range, that of float32, no loss need be scaled
        if self.device == CPU and self.ranks.n == 1:
            with rounded:
                yield
            return
        entropy = [torch.initial_seed(), step, self.ranks.rank, part]
        with torch.random.fork_rng(devices=[]), rounded:
            torch.manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))
            yield

    def told(self, precision: str) -> dict[str, Any]:
        """Return what of this is not the usual, for the manifest.

        >>> Compute(accumulate=2).told("float32")
        {'computed': {'device': 'cpu', 'precision': 'float32', 'processes': 1, 'accumulate': 2}}
        """
        if self == HERE and precision == PRECISIONS[0]:
            return {}
        found = {
            "device": self.device.type, "precision": precision, "processes": self.ranks.n,
            "accumulate": self.accumulate,
        }  # fmt: skip
        return {"computed": found}


HERE: Final = Compute()
"""One process on the processor, each batch at once."""
