"""What each feature adds to an answer of the event Transformer."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.transformer import EventTransformer, Inputs


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

    def vectors(row: Tensor, weight: Tensor) -> Tensor:  # [m, F, wide]
        pairs = table[row.long()] * weight[..., None]
        return pairs.view(len(row), -1, 2, network.wide).sum(2)

    with torch.no_grad():
        now, (past, bias) = network.current(inputs), network.remember(inputs)
        own = vectors(inputs.row, inputs.weight)
        moved = own - vectors(usual[0], usual[1])
        end, way = own.sum(1), moved.sum(1)
    gradient = torch.zeros_like(end)
    for step in range(steps):
        wide = (end - way * ((step + 0.5) / steps)).requires_grad_()
        logits = network.answer(wide, now, past, bias)[:, head]
        gradient += torch.autograd.grad(logits.sum(), wide)[0] / steps
    found: NDArray[np.float64] = torch.einsum("mfw,mw->mf", moved, gradient).double().cpu().numpy()
    return found
