"""What pretraining hides of an event, for the network to tell from what is left.

Masked fields: J. Devlin and others, "BERT: Pre-training of Deep Bidirectional Transformers for
Language Understanding", NAACL 2019; for tables I. Rubachev and others, "Revisiting Pretraining
Objectives for Tabular Deep Learning", arXiv 2207.03208, 2022. The next event from those before it:
A. Radford and others, "Improving Language Understanding by Generative Pre-Training", 2018.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from model.codes import (
    ABSENT_CODE,
    CATEGORY_AT,
    CHANNEL_AT,
    CURRENCY_AT,
    METHOD_AT,
    N_CODES,
    N_LOOKUPS,
    NULL_RELATION,
    SELLER_AT,
)
from model.tokens import AMOUNT, FLAGS, N_DENSE, past_tokens
from model.transformer import Inputs
from topics.columns import EVENT
from topics.scores import ScoreInput

ABSENT: Final = (ABSENT_CODE, CATEGORY_AT, SELLER_AT, METHOD_AT, CHANNEL_AT, CURRENCY_AT)
"""What the look-ups of an event are where nothing is known of it."""

BLOCKS: Final = tuple(zip((0, *ABSENT[1:]), (N_CODES, *ABSENT[2:], N_LOOKUPS), strict=True))
"""The rows of the look-up table that each look-up of an event comes from: first, and last + 1."""


class Hidden(NamedTuple):
    """Which fields of ``n`` events are hidden."""

    features: Tensor  # bool[n, F]
    lookup: Tensor  # bool[n, 6]
    amount: Tensor  # bool[n, 1]
    flags: Tensor  # bool[n, 1]

    @classmethod
    def drawn(cls, n: int, n_features: int, share: float) -> "Hidden":
        """Draw each field of ``n`` events with probability ``share``."""
        gone = torch.rand(n, n_features + len(ABSENT) + 2) < share
        n_known = n_features + len(ABSENT)
        return cls(
            gone[:, :n_features], gone[:, n_features:n_known], gone[:, n_known:-1], gone[:, -1:]
        )

    def part(self, at: slice, device: torch.device) -> "Hidden":
        """Return which fields of the events ``at`` are hidden, on a device."""
        return Hidden(*(fields[at].to(device) for fields in self))


def hide(inputs: Inputs, hidden: Hidden) -> Inputs:
    """Hide fields of each current event.

    A hidden feature adds no vector, which an unknown one does; a hidden look-up is absent. Where a
    category or seller is hidden, so is which past events share it.
    """
    absent = torch.tensor(ABSENT, dtype=inputs.lookup.dtype, device=inputs.lookup.device)
    dense = inputs.dense.clone()
    dense[:, AMOUNT].masked_fill_(hidden.amount, 0)
    dense[:, FLAGS].masked_fill_(hidden.flags, 0)
    same = hidden.lookup[:, 1:2].int() + 2 * hidden.lookup[:, 2:3].int()
    shared = inputs.relation & ~same
    return inputs._replace(
        weight=inputs.weight.masked_fill(hidden.features.repeat_interleave(2, 1), 0),
        dense=dense,
        lookup=torch.where(hidden.lookup, absent, inputs.lookup),
        relation=torch.where(inputs.relation < NULL_RELATION, shared, inputs.relation),
    )


def before_event(inputs: Inputs, x: ScoreInput) -> Inputs:
    """Return what is known of the users of ``x`` just before their events: the past alone.

    The time gaps of past events are those to the newest of them; the features, which tell of the
    event, are to be left out by the caller.
    """
    rows = np.zeros(len(x), EVENT)
    if x.past.shape[1]:
        rows["time_ms"] = x.past["time_s"][:, 0].astype(np.int64) * 1_000
    depth = inputs.past_lookup.shape[1] - 1
    device = inputs.lookup.device
    absent = torch.tensor(ABSENT, dtype=inputs.lookup.dtype, device=device)
    return inputs._replace(
        dense=torch.zeros(len(x), N_DENSE, device=device),
        lookup=absent.expand(len(x), -1).contiguous(),
        text=inputs.text[:0],
        text_at=inputs.text_at[:0],
        text_kind=torch.zeros_like(inputs.text_kind),
        relation=torch.from_numpy(past_tokens(x.past, rows, depth).relation).to(device),
    )
