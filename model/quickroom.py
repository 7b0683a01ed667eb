"""What the compiled event Transformer works on: packed events and the steps of a block of them."""

from typing import Any, Final, NamedTuple

import numpy as np

from model.loops import ROWS, WIDTH, fused, up

BLOCK: Final = 4 * ROWS
"""Events of a block: what they need fits into a core's own cache."""


class Events(NamedTuple):
    """Packed events: features, and what is of `event_tokens`, `TextVectors` and PAST.

    ``text_at`` is -1 where there is no text; ``u8`` to ``f32`` are views of the past, ``now_s``,
    ``category`` and ``seller`` what it is related to.
    """

    features: Any
    dense: Any
    lookup: Any
    vectors: Any
    text_at: Any
    kind: Any
    u8: Any
    u16: Any
    u32: Any
    f32: Any
    now_s: Any
    category: Any
    seller: Any


class Block(NamedTuple):
    """The steps of a block before and behind its layers."""

    wide: Any  # [n, wide] the summed features
    now: Any  # [n, d] the current event, then with what its features add
    x: Any  # [2 n, d] both queries of each event
    events: Any  # [n, k, d] the past
    turned: Any  # [n, d, k]
    relation: Any  # [n, k]
    length: Any  # [n] of the past
    joint: Any
    calm_joint: Any
    joined: Any  # [n, 128] before the activation
    curved: Any  # [n, 128] behind it
    last: Any
    row: Any  # [n, 2 F] of the numeric table
    share: Any  # [n, 2 F] how much of each
    step_at: Any  # [n, 2 F + 1] the rows of which there is some
    step_share: Any
    n_steps: Any  # [n] how many they are
    dense: Any
    words: Any
    spoken: Any
    sketch: Any
    said: Any
    said_at: Any


class Steps(NamedTuple):
    """The steps of one layer."""

    before: Any  # [2 n, d] the queries as they came
    calm: Any  # [2 n, d]
    asked: Any  # [2 n, heads d]
    shares: Any  # [n, 2 heads, k] of attention
    taken: Any  # [2 n, heads d]
    between: Any  # [n, 2 d] behind attention
    calm_both: Any
    mixed: Any  # [n, 2 d] before the activation
    curved: Any  # [n, 2 d] behind it


@fused
def room(features: Any, dense: Any, u8: Any, rows: Any) -> Any:
    """Return a Block for events like these."""
    d, f4 = rows.now.lookup.shape[1], np.float32
    long, two = up(u8.shape[1] + 1, WIDTH), 2 * features.shape[1]
    return Block(
        np.zeros((BLOCK, rows.now.steps.shape[1]), f4), np.zeros((BLOCK, d), f4),
        np.zeros((2 * BLOCK, d), f4), np.empty((BLOCK, long, d), f4),
        np.empty((BLOCK, d, long), f4), np.empty((BLOCK, long), np.int32),
        np.ones(BLOCK, np.int64),
        np.zeros((BLOCK, rows.join.norm.shape[1]), f4),
        np.zeros((BLOCK, rows.join.join.shape[0]), f4),
        np.zeros((BLOCK, rows.join.join.shape[1]), f4),
        np.zeros((BLOCK, rows.join.join.shape[1]), f4),
        np.zeros((BLOCK, rows.join.out.shape[1]), f4),
        np.zeros((BLOCK, two), np.int32), np.zeros((BLOCK, two), f4),
        np.zeros((BLOCK, two + 1), np.int32), np.zeros((BLOCK, two + 1), f4),
        np.zeros(BLOCK, np.int64),
        np.zeros((BLOCK, dense.shape[1]), f4), np.zeros((BLOCK, rows.now.text.shape[0]), f4),
        np.zeros((BLOCK, d), f4),
        np.zeros((long, rows.past.sketch.shape[0]), f4), np.zeros((long, d), f4),
        np.empty(long, np.int64),
    )  # fmt: skip


@fused
def room_of_layers(n_layers: Any, layer: Any, long: Any) -> Any:
    """Return Steps, one behind the other for each layer, for pasts of up to ``long`` events."""
    (d, asked), f4 = layer.ask.shape, np.float32
    n, two, heads = n_layers, 2 * BLOCK, layer.relation.shape[1]
    return Steps(
        np.zeros((n, two, d), f4), np.zeros((n, two, d), f4), np.zeros((n, two, asked), f4),
        np.zeros((n, BLOCK, 2 * heads, long), f4), np.zeros((n, two, asked), f4),
        np.zeros((n, BLOCK, 2 * d), f4), np.zeros((n, BLOCK, 2 * d), f4),
        np.zeros((n, BLOCK, 2 * d), f4), np.zeros((n, BLOCK, 2 * d), f4),
    )  # fmt: skip


@fused
def steps_of(s: Any, at: Any) -> Any:
    """Return the Steps of one layer."""
    return Steps(
        s.before[at], s.calm[at], s.asked[at], s.shares[at], s.taken[at], s.between[at],
        s.calm_both[at], s.mixed[at], s.curved[at],
    )  # fmt: skip
