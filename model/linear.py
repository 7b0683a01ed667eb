"""Matrix products of float32 on the processor through oneDNN, where PyTorch would use MKL.

MKL leaves the wide registers of processors that are not Intel's unused: on an AMD EPYC (Zen 5) one
core does 104 GFLOPS through MKL and 218 through oneDNN, on the shapes of the event Transformer.
"""

from collections import Counter
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

REPEATED_ROWS: Final = 1_024
"""Products of a multiple of so many rows come again: pieces of events are cut to this size."""

LARGE: Final = 50_000_000
"""Multiplications from which on the products of one shape are worth it even in one pass alone:
oneDNN takes 0.4 ms to make the code for a new shape, and keeps that of the last 1,024."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, layers: int = 1) -> Tensor:
    """Return x [..., k] times weight [d, k] transposed, plus bias [d]; see `nn.functional.linear`.

    ``layers`` of the network have weights of this shape, and are asked in every pass. oneDNN's
    kernel has no gradient, so it serves only where none is asked for, and shapes that come again or
    are large.

    >>> with torch.inference_mode():
    ...     linear(torch.ones(1, 2), torch.tensor([[1.0, 2.0]]), torch.tensor([3.0])).tolist()
    [[6.0]]
    """
    n_rows = x.numel() // x.shape[-1]
    by_onednn = (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_grad_enabled()
        and (n_rows % REPEATED_ROWS == 0 or n_rows * weight.numel() * layers >= LARGE)
        and not torch.is_autocast_enabled("cpu")
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    )
    if not by_onednn:
        return fn.linear(x, weight, bias)
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return out


class Linear(nn.Linear):
    """A linear layer that answers through `linear`; it learns as any other.

    ``layers`` of its network have its shape.
    """

    layers = 1

    def forward(self, x: Tensor) -> Tensor:
        """Map x [..., k] to [..., d]."""
        return linear(x, self.weight, self.bias, layers=self.layers)


def quickened(network: nn.Module) -> nn.Module:
    """Let all linear layers of a network answer through `linear`, and return the network."""
    found = {name: each for name, each in network.named_modules() if type(each) is nn.Linear}
    layers = Counter(tuple(layer.weight.shape) for layer in found.values())
    for name, layer in found.items():
        sizes = layer.in_features, layer.out_features
        quick = Linear(*sizes, bias=layer.bias is not None, device="meta")
        quick.weight, quick.bias = layer.weight, layer.bias
        quick.layers = layers[tuple(layer.weight.shape)]
        network.set_submodule(name, quick)
    return network
