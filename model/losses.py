"""What the three heads of the event Transformer are trained to do."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as fn

from model.rows import TrainingRows

QUANTILES = (0.1, 0.5, 0.9)
_POWER = 1.5


class Answers(NamedTuple):
    """What became known of ``n`` events; ``label`` and ``bad`` -1, ``spend`` NaN where unknown."""

    label: Tensor
    bad: Tensor
    spend: Tensor

    def known(self) -> tuple[int, int, int]:
        """Return of how many events each is known."""
        there = (self.label >= 0, self.bad >= 0, ~self.spend.isnan())
        return int(there[0].sum()), int(there[1].sum()), int(there[2].sum())

    def to(self, device: torch.device) -> "Answers":
        """Return the same on a device."""
        return Answers(*(part.to(device) for part in self))


def answers(rows: TrainingRows, index: NDArray[np.int64]) -> Answers:
    """Return what became known of the rows at ``index`` as tensors."""
    parts = (rows.label[index], rows.turned_bad[index], rows.spend[index])
    return Answers(*(torch.from_numpy(part) for part in parts))


def shares(part: Answers, whole: Answers) -> tuple[float, float, float]:
    """Return which share of the known answers of a batch a part of it has, for each head.

    The means of the parts' losses, each times its share, add up to the mean of the batch.

    >>> batch = Answers(*torch.tensor([[1, 0, -1], [0, 1, 0], [2.0, torch.nan, torch.nan]]))
    >>> shares(Answers(*(part[1:] for part in batch)), batch)
    (0.5, 0.6666666666666666, 0.0)
    """
    found = zip(part.known(), whole.known(), strict=True)
    fraud, bad, spend = (n / max(n_all, 1) for n, n_all in found)
    return fraud, bad, spend


def loss(
    out: Tensor,
    answers: Answers,
    scale: float,
    share: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Tensor:
    """Return the joint loss of outputs float32[n, N_OUTPUTS]; heads skip rows without an answer.

    ``scale`` is the mean spend, the unit of the network's mean head. Each head's loss counts as
    much as ``share`` says; see `shares`.
    """
    total = share[0] * _cross_entropy(out[:, 0], answers.label)
    total = total + 0.5 * (share[1] * _cross_entropy(out[:, 1], answers.bad))
    spend = answers.spend
    known = ~spend.isnan()
    if not known.any():
        return total
    paid = spend[known]
    quantiles = pinball(out[known][:, 3:6], torch.log1p(paid))
    mean = tweedie(out[known, 2], paid / scale)
    return total + 0.2 * (share[2] * mean) + 0.1 * (share[2] * quantiles)


def _cross_entropy(logit: Tensor, answer: Tensor) -> Tensor:
    known = answer >= 0
    if not known.any():
        return 0 * logit.sum()
    return fn.binary_cross_entropy_with_logits(logit[known], answer[known].to(logit.dtype))


def tweedie(log_mean: Tensor, y: Tensor) -> Tensor:
    """Deviance of a compound Poisson-gamma variable (power 1.5): many zeros, a long tail.

    Its minimum is the mean, not the median (Jorgensen, "The Theory of Dispersion Models", 1997).
    """
    log_mean = log_mean.clamp(-12, 12)
    up = torch.exp((2 - _POWER) * log_mean) / (2 - _POWER)
    return (up - y * torch.exp((1 - _POWER) * log_mean) / (1 - _POWER)).mean()


def pinball(out: Tensor, y: Tensor) -> Tensor:
    """Quantile loss of Koenker and Bassett (1978) for columns ``QUANTILES``."""
    levels = torch.tensor(QUANTILES, dtype=out.dtype, device=out.device)
    off = y[:, None] - out
    return torch.maximum(levels * off, (levels - 1) * off).mean()
