"""The event Transformer's way from packed events to its outputs, a block of events at a time.

What `model.transformer` computes with whole tensors is done here by compiled loops that keep every
step of a block, so that `model.quickback` can go back through them.
"""

from typing import Any, Final

from model.bins import place
from model.loops import (
    ROWS,
    add_product,
    add_row,
    add_rows,
    fill_rows,
    fused,
    gelu,
    normalise,
    silu,
    softmax,
    up,
)
from model.quickroom import BLOCK
from model.recall import recall

AT_ONCE: Final = 16
"""Rows of features that are added to a sum between loading and storing it."""


@fused
def embed(e: Any, begin: Any, size: Any, times: Any, rows: Any, b: Any) -> None:
    """Embed rows ``begin`` to ``begin + size``, of which every event has ``times``."""
    some = up(size, ROWS)
    now = rows.now
    fill_rows(b.now[:some], now.dense_bias)
    for i in range(size):
        at = (begin + i) // times
        b.dense[i] = e.dense[at]
        place(e.features[at], now.knots, now.first, b.row[i], b.share[i])
    add_product(b.dense[:some], now.dense, b.now[:some])
    _read(e, begin, size, times, now, b)
    sum_steps(size, now.steps, b)
    for i in range(size):
        at = (begin + i) // times
        for j in range(e.lookup.shape[1]):
            add_row(b.now[i], now.lookup[e.lookup[at, j]])
        add_row(b.now[i], now.text_kind[e.kind[at]])
        if i and at == (begin + i - 1) // times:
            b.events[i], b.turned[i] = b.events[i - 1], b.turned[i - 1]
            b.relation[i], b.length[i] = b.relation[i - 1], b.length[i - 1]
            continue
        b.length[i] = recall(
            e.u8[at], e.u16[at], e.u32[at], e.f32[at], e.now_s[at], e.category[at], e.seller[at],
            rows.past, b.events[i], b.turned[i], b.relation[i], b.sketch, b.said, b.said_at,
        )  # fmt: skip


@fused
def sum_steps(size: Any, steps: Any, b: Any) -> None:
    """Write the sums of a block's features to ``b.wide``.

    A feature is a share of two rows of the table, or the whole of one. The first rows of all events
    are added before the next, for they are mostly the same, and lie close at hand then.
    """
    longest = 0
    for i in range(size):
        at, share, n = b.step_at[i], b.step_share[i], 0
        for k in range(b.row.shape[1]):
            at[n], share[n] = b.row[i, k], b.share[i, k]
            n += 1 if share[n] != 0 else 0
        b.n_steps[i] = n
        longest = max(longest, n)
    b.wide[:size] = 0
    for k in range(0, longest, AT_ONCE):
        for i in range(size):
            n = min(AT_ONCE, b.n_steps[i] - k)
            if n > 0:
                add_rows(steps, b.step_at[i, k:], b.step_share[i, k:], n, b.wide[i])


@fused
def _read(e: Any, begin: Any, size: Any, times: Any, now: Any, b: Any) -> None:
    """Add the vectors of texts to the current events."""
    n = 0
    for i in range(size):
        at = e.text_at[(begin + i) // times]
        if at >= 0:
            vector, to = e.vectors[at], b.words[n]
            for j in range(vector.shape[0]):
                to[j] = (vector[j] - now.text_mean[j]) * now.text_scale[j]
            n += 1
    if n == 0:
        return
    some = up(n, ROWS)
    b.spoken[:some] = 0
    add_product(b.words[:some], now.text, b.spoken[:some])
    n = 0
    for i in range(size):
        if e.text_at[(begin + i) // times] >= 0:
            add_row(b.now[i], b.spoken[n])
            n += 1


@fused
def start(size: Any, rows: Any, b: Any) -> None:
    """Form both queries; ``b.now`` is left with what the features add."""
    d = b.now.shape[1]
    for i in range(size):
        normalise(b.now[i : i + 1], rows.now.event_norm, b.x[2 * i : 2 * i + 1])
        add_row(b.now[i], b.wide[i, :d])
        normalise(b.now[i : i + 1], rows.now.wide_norm, b.x[2 * i + 1 : 2 * i + 2])


@fused
def ask(layer: Any, size: Any, b: Any, s: Any) -> None:
    """Take the queries ``b.x`` through a layer."""
    some = up(size, ROWS)
    two = 2 * some
    x, d = b.x, b.x.shape[1]
    both = x.reshape(BLOCK, 2 * d)
    each = s.shares.shape[1]
    asked, taken = s.asked.reshape(BLOCK, each, d), s.taken.reshape(BLOCK, each, d)
    s.before[:two] = x[:two]
    normalise(x[:two], layer.ask_norm, s.calm[:two])
    fill_rows(s.asked[:two], layer.ask_bias)
    add_product(s.calm[:two], layer.ask, s.asked[:two])
    for i in range(size):
        _attend(asked[i], b.events[i], b.turned[i], b.relation[i], b.length[i], layer.relation,
                s.shares[i], taken[i])  # fmt: skip
    for i in range(two):
        add_row(x[i], layer.take_bias)
    add_product(s.taken[:two], layer.take, x[:two])
    s.between[:some] = both[:some]
    normalise(both[:some], layer.mix_norm, s.calm_both[:some])
    fill_rows(s.mixed[:some], layer.widen_bias)
    add_product(s.calm_both[:some], layer.widen, s.mixed[:some])
    for i in range(some):
        gelu(s.mixed[i], s.curved[i])
        add_row(both[i], layer.narrow_bias)
    add_product(s.curved[:some], layer.narrow, both[:some])


@fused
def _attend(
    asked: Any, events: Any, turned: Any, relation: Any, n: Any, bias: Any, shares: Any, taken: Any
) -> None:
    """Attend with asked [2 heads, d] over n events: write shares [2 heads, k] and taken."""
    heads = bias.shape[1]
    for k in range(n):
        row = bias[relation[k]]
        for i in range(heads):
            shares[i, k] = row[i]
            shares[heads + i, k] = row[i]
    add_product(asked, turned, shares)
    for i in range(shares.shape[0]):
        softmax(shares[i], n)
    taken[:] = 0
    add_product(shares[:, :n], events, taken)


@fused
def join(size: Any, hidden: Any, rows: Any, b: Any) -> None:
    """Join queries and features into ``b.last``, to which the features' own part is still added."""
    some = up(size, ROWS)
    d = b.x.shape[1]
    both = b.x.reshape(BLOCK, 2 * d)
    for i in range(some):
        b.joint[i, : 2 * d] = both[i]
        silu(b.wide[i, d : d + hidden], b.joint[i, 2 * d :])
    normalise(b.joint[:some], rows.join.norm, b.calm_joint[:some, : b.joint.shape[1]])
    fill_rows(b.joined[:some], rows.join.join_bias)
    add_product(b.calm_joint[:some], rows.join.join, b.joined[:some])
    for i in range(some):
        gelu(b.joined[i], b.curved[i])
    fill_rows(b.last[:some], rows.join.out_bias)
    add_product(b.curved[:some], rows.join.out, b.last[:some])
