"""Heads that guess what is hidden of events; they serve pretraining and are thrown away."""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as fn

from model.codes import ABSENT_RELATION, N_CODES, N_GAPS, N_LOOKUPS, NO_EVENT
from model.hiding import BLOCKS, Hidden, before_event, hide
from model.tokens import AMOUNT, FLAGS, N_DENSE
from model.transformer import JOINED, EventTransformer, Inputs
from topics.scores import ScoreInput

HIDDEN_SHARE: Final = 0.3
"""Of each event's fields. Half of that, as in BERT, would leave most features to be read off
others: windows and ratios of the same amounts are among them."""


class Guesses(NamedTuple):
    """How many guesses of each kind a batch asks for."""

    features: int
    lookup: int
    amount: int
    flags: int
    following: int

    @classmethod
    def of(cls, hidden: Hidden, past_step: NDArray[np.uint8]) -> "Guesses":
        """Count the hidden fields of a batch, and its events with a past; ``past_step`` [n, K]."""
        features, lookup, amount, flags = (int(fields.sum()) for fields in hidden)
        return cls(features, lookup, amount, flags, int((past_step[:, :1] != NO_EVENT).sum()))


class Guesser(nn.Module):
    """A network with heads that guess; ``forward`` gives the loss of its guesses, in nats."""

    of: Tensor

    def __init__(self, network: EventTransformer) -> None:
        """``network`` is what is pretrained; it is part of this module, not copied."""
        super().__init__()
        self.network = network
        first = network.first.long()
        sizes = first[1:] - first[:-1]
        self.register_buffer("of", torch.repeat_interleave(torch.arange(len(sizes)), sizes))
        self.bins = nn.Linear(JOINED, network.shape.n_rows)
        self.lookup = nn.Linear(JOINED, N_LOOKUPS)
        self.dense = nn.Linear(JOINED, N_DENSE)
        self.step = nn.Linear(JOINED, N_CODES)
        self.gap = nn.Linear(JOINED, N_GAPS)

    def forward(self, inputs: Inputs, x: ScoreInput, hidden: Hidden, asked: Guesses) -> Tensor:
        """Return the sum of the mean losses of every kind of guess about a batch.

        ``inputs`` is what `assemble` makes of ``x``, of which ``hidden`` is hidden. Where these are
        a part of a batch, and ``asked`` counts the guesses of all of it, the losses of its parts
        add up to that of the batch.
        """
        left, network = hide(inputs, hidden), self.network
        wide = network.numeric(left, network.table())
        vector = network.represent(wide, network.current(left), *network.remember(left))
        return (
            self._features(vector, inputs, hidden.features, asked.features)
            + self._lookups(vector, inputs, hidden.lookup, asked.lookup)
            + self._dense(vector, inputs, hidden, asked)
            + self._next(inputs, x, asked.following)
        )

    def _features(self, vector: Tensor, inputs: Inputs, hidden: Tensor, n: int) -> Tensor:
        """Return the cross-entropy of the hidden features' bins.

        A value between two knots is so much of the one and so much of the other.
        """
        logits = self.bins(vector).float()
        right = (logits.gather(1, inputs.row.long()) * inputs.weight).view(*hidden.shape, 2).sum(2)
        found: Tensor = (self._normaliser(logits) - right)[hidden].sum()
        return found / max(n, 1)

    def _normaliser(self, logits: Tensor) -> Tensor:
        """Return the log of the sum of the exponentials of each feature's logits: [n, F]."""
        n, n_features = len(logits), len(self.network.first) - 1
        of = self.of.expand(n, -1)
        most = torch.full((n, n_features), -torch.inf, device=logits.device)
        most = most.scatter_reduce(1, of, logits.detach(), "amax")
        total = torch.zeros(n, n_features, device=logits.device)
        total = total.scatter_add(1, of, (logits - most[:, self.of]).exp())
        return total.log() + most

    def _lookups(self, vector: Tensor, inputs: Inputs, hidden: Tensor, n: int) -> Tensor:
        """Return the cross-entropy of the hidden steps, categories, sellers and so on."""
        total = vector.new_zeros(())
        for field, (first, end) in enumerate(BLOCKS):
            at = hidden[:, field].nonzero()[:, 0]
            weight, bias = self.lookup.weight[first:end], self.lookup.bias[first:end]
            logits = fn.linear(vector[at], weight, bias)
            right = inputs.lookup[at, field].long() - first
            total = total + fn.cross_entropy(logits, right, reduction="sum")
        return total / max(n, 1)

    def _dense(self, vector: Tensor, inputs: Inputs, hidden: Hidden, asked: Guesses) -> Tensor:
        """Return the mean cross-entropy of hidden amounts and flags, whose columns are 0 to 1."""
        logits, total = self.dense(vector).float(), vector.new_zeros(())
        kinds = ((AMOUNT, hidden.amount, asked.amount), (FLAGS, hidden.flags, asked.flags))
        for columns, gone, n in kinds:
            losses = fn.binary_cross_entropy_with_logits(
                logits[:, columns], inputs.dense[:, columns], reduction="none"
            )
            total = total + (losses * gone).sum() / max(n, 1)
        return total

    def _next(self, inputs: Inputs, x: ScoreInput, n: int) -> Tensor:
        """Return the cross-entropy of the event's step, and of how long after the last it came.

        Both are guessed from the past alone; users without any do not count.
        """
        network = self.network
        if inputs.relation.shape[1] < 2:
            return inputs.dense.new_zeros(())
        before = before_event(inputs, x)
        nothing = inputs.dense.new_zeros(len(x), network.wide)
        vector = network.represent(nothing, network.current(before), *network.remember(before))
        at = (inputs.relation[:, 1] != ABSENT_RELATION).nonzero()[:, 0]
        step, gap = inputs.lookup[at, 0].long(), inputs.relation[at, 1].long() // 4
        return (
            fn.cross_entropy(self.step(vector[at]), step, reduction="sum")
            + fn.cross_entropy(self.gap(vector[at]), gap, reduction="sum")
        ) / max(n, 1)
