"""The event Transformer that asks: two query tokens per event attend over the user's past events.

A past event's vector comes from its own packed token alone, and the key and value projections are
absorbed into the query and the output (q (Wk e) = (Wk' q) e), so that an event costs O(Kd + d^2).
"""

import math
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from model.codes import ABSENT_RELATION, CATEGORY_AT, N_LOOKUPS, N_RELATIONS, SELLER_AT
from model.linear import Linear, linear
from model.tokens import N_DENSE

N_OUTPUTS = 6
"""Logit of fraud, logit of turning bad, log of the mean spend, and its 10, 50 and 90 % quantiles
as log(1 + spend)."""

JOINED: Final = 128
"""Width of the vector that an event, its features and its past become before the outputs."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network: ``n_rows`` of the numeric table, ``text`` width (0: no text)."""

    n_rows: int
    text: int
    d: int = 64
    heads: int = 4
    layers: int = 2
    past: int = 24
    hidden: int = 184

    def as_dict(self) -> dict[str, int]:
        """Return the sizes as JSON-ready numbers."""
        return asdict(self)


class Inputs(NamedTuple):
    """A batch of ``n`` events as tensors; what each holds stands in ``model.tokens``.

    ``text`` float32[m, text] are the vectors of the m events ``text_at`` that have one;
    ``text_kind`` int64[n] is 0 without text, 1 with a vector, 2 where it is not known.
    """

    row: Tensor  # int32[n, 2F] of the numeric table
    weight: Tensor  # float32[n, 2F]
    dense: Tensor  # float32[n, N_DENSE]
    lookup: Tensor  # int32[n, 6]
    text: Tensor
    text_at: Tensor  # int64[m]
    text_kind: Tensor
    past_dense: Tensor  # float32[n, k + 1, N_DENSE]
    past_lookup: Tensor  # int32[n, k + 1, 3]
    relation: Tensor  # int32[n, k + 1]


class Embedded(NamedTuple):
    """A batch of ``n`` events as vectors, and the biases of attention to the past."""

    wide: Tensor  # float32[n, d + hidden + N_OUTPUTS], the sum of the features' vectors
    now: Tensor  # float32[n, d]
    past: Tensor  # float32[n, k, d]
    bias: Tensor  # float32[n, layers, 1, heads, k]


class Layer(nn.Module):
    """Attention of both queries over the past, then a feed-forward network that mixes them."""

    def __init__(self, d: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_ask = nn.LayerNorm(d)
        self.ask = Linear(d, heads * d)
        self.take = Linear(heads * d, d)
        self.before_mix = nn.LayerNorm(2 * d)
        self.widen = Linear(2 * d, 2 * d)
        self.narrow = Linear(2 * d, 2 * d)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.ask.weight, std=1 / d)  # logits of about 1 at first
        nn.init.zeros_(self.ask.bias)

    def forward(self, x: Tensor, past: Tensor, bias: Tensor) -> Tensor:
        """Update x [n, 2, d] from past [n, k, d]; bias [n, 1, heads, k] adds to the logits."""
        n, two, d = x.shape
        asked = self.ask(self.before_ask(x)).view(n, two * self.heads, d)
        logits = torch.bmm(asked, past.transpose(1, 2)).view(n, two, self.heads, -1).add_(bias)
        share = logits.softmax(-1).view(n, two * self.heads, -1)
        taken = torch.bmm(share, past).view(n, two, self.heads * d)
        x = x + self.dropout(self.take(taken))
        mixed = self.narrow(fn.gelu(self.widen(self.before_mix(x.reshape(n, two * d)))))
        out: Tensor = x + self.dropout(mixed).view(n, two, d)
        return out


class EventTransformer(nn.Module):
    """The network; ``forward`` gives float32[n, N_OUTPUTS]."""

    first: Tensor
    text_mean: Tensor
    text_scale: Tensor

    def __init__(self, shape: Shape, first: Tensor, dropout: float = 0.1) -> None:
        """``first`` int64[F + 1]: where each feature's rows of the numeric table begin."""
        super().__init__()
        self.shape, d = shape, shape.d
        n_features = len(first) - 1
        self.wide = d + shape.hidden + N_OUTPUTS
        self.steps = nn.Parameter(torch.randn(shape.n_rows, self.wide) / math.sqrt(4 * n_features))
        self.register_buffer("first", first.clone())
        self.lookup = nn.Parameter(0.1 * torch.randn(N_LOOKUPS, d))
        self.past_dense = nn.Parameter(torch.randn(N_DENSE, d) / math.sqrt(N_DENSE))
        self.now_dense = Linear(N_DENSE, d)
        self.text = Linear(max(shape.text, 1), d, bias=False)
        self.register_buffer("text_mean", torch.zeros(max(shape.text, 1)))
        self.register_buffer("text_scale", torch.ones(max(shape.text, 1)))
        self.text_kind = nn.Parameter(torch.zeros(3, d))
        self.norms = nn.ModuleList([nn.LayerNorm(d) for _ in range(2)])
        self.relation = nn.Parameter(torch.zeros(N_RELATIONS, shape.layers * shape.heads))
        self.layers = nn.ModuleList(Layer(d, shape.heads, dropout) for _ in range(shape.layers))
        self.dropout = nn.Dropout(dropout)
        joint = 2 * d + shape.hidden
        self.before_join = nn.LayerNorm(joint)
        self.join = Linear(joint, JOINED)
        self.out = Linear(JOINED, N_OUTPUTS)
        with torch.no_grad():
            self.steps[:, d + shape.hidden :] = 0
            fading = torch.arange(N_RELATIONS).div(4, rounding_mode="floor")[:, None] / -24.0
            slopes = torch.linspace(0, 3, shape.heads).repeat(shape.layers)
            self.relation.copy_(fading * slopes)
            self.relation[ABSENT_RELATION - 1 :] = 0

    def table(self) -> Tensor:
        """Return the numeric table [n_rows, wide]: within a feature each knot adds its step."""
        total = self.steps.cumsum(0)
        begin = self.first[:-1].long()
        sizes = self.first[1:].long() - begin
        before = torch.repeat_interleave(total[begin] - self.steps[begin], sizes, dim=0)
        knots = total - before
        unknown = torch.zeros(len(knots), 1, dtype=torch.bool, device=knots.device)
        unknown[self.first[1:].long() - 1] = True
        return torch.where(unknown, self.steps, knots)

    def numeric(self, inputs: Inputs, table: Tensor) -> Tensor:
        """Sum the features' vectors: [n, wide]."""
        return fn.embedding_bag(
            inputs.row, table, mode="sum", per_sample_weights=inputs.weight.to(table.dtype)
        )

    def remember(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Embed the past events: vectors [n, k, d] and biases [n, layers, 1, heads, k]."""
        n, k, three = inputs.past_lookup.shape
        bag = fn.embedding_bag(inputs.past_lookup.view(n * k, three), self.lookup, mode="sum")
        past = linear(inputs.past_dense.view(n * k, -1), self.past_dense.t()).add_(bag)
        relation = torch.cat([self.relation[:-1], torch.full_like(self.relation[:1], -1e9)])
        bias = fn.embedding(inputs.relation, relation)
        bias = bias.transpose(1, 2).contiguous()
        return past.view(n, k, -1), bias.view(n, self.shape.layers, 1, self.shape.heads, k)

    def current(self, inputs: Inputs) -> Tensor:
        """Embed the current event with its text: [n, d]."""
        now: Tensor = fn.embedding_bag(inputs.lookup, self.lookup, mode="sum")
        now = now + self.now_dense(inputs.dense) + fn.embedding(inputs.text_kind, self.text_kind)
        if not len(inputs.text):
            return now
        centred = (inputs.text - self.text_mean) * self.text_scale
        vectors: Tensor = self.text(centred)
        return now.index_add(0, inputs.text_at, vectors.to(now.dtype))

    def represent(self, wide: Tensor, now: Tensor, past: Tensor, bias: Tensor) -> Tensor:
        """From the summed features [n, wide] and the embedded events to one vector [n, JOINED]."""
        d, hidden = self.shape.d, self.shape.hidden
        x = torch.stack([self.norms[0](now), self.norms[1](wide[:, :d] + now)], 1)
        for at, layer in enumerate(self.layers):
            x = layer(x, past, bias[:, at])
        tabular = fn.silu(wide[:, d : d + hidden])
        joint = self.before_join(torch.cat([x.flatten(1), tabular], 1))
        return fn.gelu(self.join(self.dropout(joint)))

    def answer(self, wide: Tensor, now: Tensor, past: Tensor, bias: Tensor) -> Tensor:
        """From the summed features [n, wide] and the embedded events to the outputs."""
        out: Tensor = self.out(self.dropout(self.represent(wide, now, past, bias)))
        return out + wide[:, self.shape.d + self.shape.hidden :]

    def embed(self, inputs: Inputs, table: Tensor | None = None) -> Embedded:
        """Embed a batch; ``table`` is ``self.table()`` where the caller keeps it."""
        wide = self.numeric(inputs, self.table() if table is None else table)
        return Embedded(wide, self.current(inputs), *self.remember(inputs))

    def forward(self, inputs: Inputs, table: Tensor | None = None) -> Tensor:
        """Score a batch; ``table`` is ``self.table()`` where the caller keeps it."""
        return self.answer(*self.embed(inputs, table))

    def drop_identities(self, inputs: Inputs, gone: Tensor) -> Inputs:
        """Forget the categories and sellers of the events ``gone`` bool[n, 1], as of new ones."""
        absent = torch.tensor([CATEGORY_AT, SELLER_AT], dtype=torch.int32, device=gone.device)
        lookup, past = inputs.lookup.clone(), inputs.past_lookup.clone()
        lookup[:, 1:3] = torch.where(gone, absent, lookup[:, 1:3])
        past[:, :, 1:3] = torch.where(gone[:, None], absent, past[:, :, 1:3])
        return inputs._replace(lookup=lookup, past_lookup=past)
