"""The event Transformer on the processor: one compiled call for any number of events."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from model.bins import Bins, place
from model.inputs import WITH_VECTOR, TextVectors
from model.loops import add_row, fused
from model.quickback import add_contributions, back
from model.quickpass import ask, embed, join, start, sum_steps
from model.quickroom import BLOCK, Events, room, room_of_layers, steps_of
from model.quickrows import arranged
from model.recall import Floats
from model.tokens import event_tokens
from model.transformer import N_OUTPUTS, EventTransformer
from topics.columns import PAST
from topics.scores import ScoreInput


class QuickNetwork:
    """What an `EventTransformer` answers and why, in float32 on the processor.

    Its answers differ from those of PyTorch by rounding alone; an event's are the same to the last
    bit whichever others are in its batch.
    """

    def __init__(self, network: EventTransformer, table: Tensor, bins: Bins) -> None:
        """``table`` is ``network.table()``; ``bins`` place the features in it.

        Raises ValueError where its sizes do not fit the loops.
        """
        shape = network.shape
        if shape.heads % 4:
            raise ValueError(f"heads are a multiple of 4, not {shape.heads}")
        self._depth, self._hidden = shape.past, shape.hidden
        self._rows, self._bins = arranged(network, table, bins), bins

    def outputs(self, x: ScoreInput, texts: TextVectors) -> NDArray[np.float64]:
        """Return float64[n, N_OUTPUTS] of n events."""
        out = np.empty((len(x), N_OUTPUTS), np.float32)
        if len(x):
            _answer(self._events(x, texts), self._hidden, self._rows, out)
        return out.astype(np.float64)

    def contributions(
        self, x: ScoreInput, texts: TextVectors, usual: Floats, head: int, steps: int
    ) -> NDArray[np.float64]:
        """Return what each feature of ``m`` events adds to output ``head``, float64[m, F].

        Integrated gradients from ``usual`` float32[F] to the events' own values, over ``steps``
        midpoints, all else held fixed. Source: M. Sundararajan and others, "Axiomatic Attribution
        for Deep Networks", 2017.
        """
        out = np.zeros((len(x), x.features.shape[1]))
        if len(x):
            usual = np.ascontiguousarray(usual, np.float32)
            self._bins.expect(usual[None])
            _explain(self._events(x, texts), usual, head, steps, self._hidden, self._rows, out)
        return out

    def _events(self, x: ScoreInput, texts: TextVectors) -> Events:
        n, now = len(x), event_tokens(x.rows, self._bins.amounts)
        self._bins.expect(x.features)
        past = np.ascontiguousarray(x.past[:, : self._depth])
        raw = past.view(np.uint8).reshape(n, past.shape[1], PAST.itemsize)
        return Events(
            np.ascontiguousarray(x.features, np.float32), now.dense, now.lookup,
            np.ascontiguousarray(texts.vectors, np.float32),
            np.where(texts.kind == WITH_VECTOR, texts.at, -1), texts.kind, raw,
            raw.view(np.uint16), raw.view(np.uint32), raw.view(np.float32),
            x.rows["time_ms"] // 1000, x.rows["category"].astype(np.uint16),
            x.rows["seller"].astype(np.uint16),
        )  # fmt: skip


@fused
def _answer(e: Any, hidden: Any, rows: Any, out: Any) -> None:
    b = room(e.features, e.dense, e.u8, rows)
    steps = steps_of(room_of_layers(1, rows.layers[0], b.relation.shape[1]), 0)
    first = b.now.shape[1] + hidden
    for begin in range(0, len(out), BLOCK):
        size = min(BLOCK, len(out) - begin)
        embed(e, begin, size, 1, rows, b)
        start(size, rows, b)
        for layer in rows.layers:
            ask(layer, size, b, steps)
        join(size, hidden, rows, b)
        for i in range(size):
            for j in range(out.shape[1]):
                out[begin + i, j] = b.last[i, j] + b.wide[i, first + j]


@fused
def _explain(e: Any, usual: Any, head: Any, n_steps: Any, hidden: Any, rows: Any, out: Any) -> None:
    """Take every event through in ``n_steps`` rows, which have come so far from the usual."""
    b = room(e.features, e.dense, e.u8, rows)
    n_layers, width = len(rows.layers), b.wide.shape[1]
    steps = room_of_layers(n_layers, rows.layers[0], b.relation.shape[1])
    slope, whole = np.zeros((BLOCK, width), np.float32), np.zeros((len(out), width), np.float32)
    now, usual_row, usual_share = rows.now, b.row[0].copy(), b.share[0].copy()
    place(usual, now.knots, now.first, usual_row, usual_share)
    b.row[0], b.share[0] = usual_row, usual_share
    sum_steps(1, now.steps, b)
    from_usual = b.wide[0].copy()
    n_rows = n_steps * len(out)
    for begin in range(0, n_rows, BLOCK):
        size = min(BLOCK, n_rows - begin)
        embed(e, begin, size, n_steps, rows, b)
        for i in range(size):
            left = np.float32(1 - ((begin + i) % n_steps + 0.5) / n_steps)
            for j in range(width):
                b.wide[i, j] -= (b.wide[i, j] - from_usual[j]) * left
        start(size, rows, b)
        for at in range(n_layers):
            ask(rows.layers[at], size, b, steps_of(steps, at))
        join(size, hidden, rows, b)
        back(head, size, hidden, rows, b, steps, slope)
        for i in range(size):
            add_row(whole[(begin + i) // n_steps], slope[i])
    for i in range(len(out)):
        for j in range(width):
            whole[i, j] /= np.float32(n_steps)
        place(e.features[i], now.knots, now.first, b.row[0], b.share[0])
        add_contributions(whole[i], b.row[0], b.share[0], usual_row, usual_share, now.steps, out[i])
