"""Adversarial training: the loss where the embeddings are moved a little to where it is higher.

Source: T. Miyato, A. M. Dai and I. Goodfellow, "Adversarial Training Methods for Semi-Supervised
Text Classification", ICLR 2017, arXiv 1605.07725.
"""

import torch
from torch import Tensor

from model.transformer import N_OUTPUTS, Embedded


def worsened(embedded: Embedded, value: Tensor, size: float) -> Embedded:
    """Move each event's vectors by ``size`` in all along the gradient of the loss ``value``.

    The move is r = size g / |g|, where g is the gradient at all vectors of one event together: its
    summed features, its own and those of the past events. What features add to the outputs without
    passing a layer stays, and so do the biases. ``value`` keeps its graph; the move has none.
    """
    moved = (embedded.wide, embedded.now, embedded.past)
    wide, now, past = torch.autograd.grad(value, moved, retain_graph=True)
    wide = torch.cat([wide[:, :-N_OUTPUTS], torch.zeros_like(wide[:, -N_OUTPUTS:])], 1)
    square = wide.square().sum(1) + now.square().sum(1) + past.square().sum((1, 2))
    # An event without an answer has no gradient, and stays where it is.
    scale = size / square.sqrt().clamp_min(torch.finfo(square.dtype).tiny)
    return embedded._replace(
        wide=embedded.wide + scale[:, None] * wide,
        now=embedded.now + scale[:, None] * now,
        past=embedded.past + scale[:, None, None] * past,
    )
