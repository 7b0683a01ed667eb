"""The network that `make ablation` sets beside the product's: full self-attention.

A Transformer encoder with layer norms in front (Xiong et al., "On Layer Normalization in the
Transformer Architecture", 2020) over the past events and the two query tokens, each of which
attends to all. Inputs, numeric table, heads of the answer, d, layers and attention heads are those
of `EventTransformer`. A past event also gets a vector of its relation to the current one, as others
get one of their position: without it past events could not tell each other apart in time.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from model.codes import N_RELATIONS
from model.linear import Linear
from model.transformer import EventTransformer, Inputs, Shape

WIDEN = 4
"""How much wider the feed-forward network is than d, as usual."""


class EncoderLayer(nn.Module):
    """Every token attends to every token, then goes through a feed-forward network of its own."""

    def __init__(self, d: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attend = nn.LayerNorm(d)
        self.attend = Linear(d, 3 * d)
        self.take = Linear(d, d)
        self.before_mix = nn.LayerNorm(d)
        self.widen = Linear(d, WIDEN * d)
        self.narrow = Linear(WIDEN * d, d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Update x [n, k, d]; bias [n, heads, 1, k] adds to the logits of every key."""
        n, k, d = x.shape
        parts = self.attend(self.before_attend(x)).view(n, k, 3, self.heads, d // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        taken = fn.scaled_dot_product_attention(query, key, value, bias)
        x = x + self.dropout(self.take(taken.transpose(1, 2).reshape(n, k, d)))
        out: Tensor = x + self.dropout(self.narrow(fn.gelu(self.widen(self.before_mix(x)))))
        return out


class SelfAttending(EventTransformer):
    """The product's network with its two layers of asking replaced by encoder layers."""

    def __init__(self, shape: Shape, first: Tensor, dropout: float = 0.1) -> None:
        super().__init__(shape, first, dropout)
        self.position = nn.Parameter(0.1 * torch.randn(N_RELATIONS, shape.d))
        self.layers = nn.ModuleList(
            EncoderLayer(shape.d, shape.heads, dropout) for _ in range(shape.layers)
        )

    def remember(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Embed the past events as `EventTransformer` does, and add where in time they lie."""
        past, bias = super().remember(inputs)
        return past + fn.embedding(inputs.relation, self.position), bias

    def represent(self, wide: Tensor, now: Tensor, past: Tensor, bias: Tensor) -> Tensor:
        """Let past events and queries attend to each other, and join the two queries."""
        d, hidden = self.shape.d, self.shape.hidden
        queries = torch.stack([self.norms[0](now), self.norms[1](wide[:, :d] + now)], 1)
        x = torch.cat([past, queries], 1)
        seen = fn.pad(bias.transpose(2, 3), (0, 2))  # [n, layers, heads, 1, k + 2]
        for at, layer in enumerate(self.layers):
            x = layer(x, seen[:, at])
        tabular = fn.silu(wide[:, d : d + hidden])
        joint = self.before_join(torch.cat([x[:, -2:].flatten(1), tabular], 1))
        return fn.gelu(self.join(self.dropout(joint)))
