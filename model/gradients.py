"""What each feature adds to an answer of the event Transformer."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.transformer import EventTransformer, Inputs

ROWS_AT_ONCE: Final = 256
"""Of one pass through the network, so many as fit into a cache; a pass costs as much as 50 rows,
however few it has."""


def integrated_gradients(
    network: EventTransformer,
    table: Tensor,
    inputs: Inputs,
    usual: Sequence[Tensor],
    head: int,
    steps: int,
) -> NDArray[np.float64]:
    """Return what each feature of ``m`` events adds to the log-odds of a head, float64[m, F].

    From ``usual`` values, the rows and weights of one event in ``table``, to the events' own over
    ``steps`` midpoints, all else held fixed. Source: M. Sundararajan and others, "Axiomatic
    Attribution for Deep Networks", 2017.
    """
    with torch.no_grad():
        now, (past, bias) = network.current(inputs), network.remember(inputs)
        end = network.numeric(inputs, table)
        way = end - network.numeric(inputs._replace(row=usual[0], weight=usual[1]), table)
    shares = (torch.arange(steps, device=end.device) + 0.5) / steps
    at_once = max(1, ROWS_AT_ONCE // max(1, len(end)))
    gradient = torch.zeros_like(end)
    for some in torch.split(shares, at_once):  # several points of the way in one pass
        wide = (end - way * some[:, None, None]).flatten(0, 1).requires_grad_()
        k = len(some)
        before = past.repeat(k, 1, 1), bias.repeat(k, *[1] * (bias.dim() - 1))
        logits = network.answer(wide, now.repeat(k, 1), *before)[:, head]
        found = torch.autograd.grad(logits.sum(), wide)[0]
        gradient += found.view(k, *end.shape).sum(0) / steps
    told = gradient @ table.T.to(gradient.dtype)  # [m, n_rows]: what each row of the table adds

    def added(row: Tensor, weight: Tensor) -> Tensor:  # [m, F]
        at = row.long().expand(len(told), -1)
        return (told.gather(1, at) * weight).view(len(told), -1, 2).sum(2)

    moved = added(inputs.row, inputs.weight) - added(usual[0], usual[1])
    result: NDArray[np.float64] = moved.double().cpu().numpy()
    return result
