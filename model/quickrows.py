"""The weights of an event Transformer, arranged for compiled loops over float32."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from model.bins import Bins
from model.loops import WIDTH, up
from model.recall import Floats, PastRows, as_array
from model.transformer import EventTransformer


class NowRows(NamedTuple):
    """What current events are summed from, in rows of d; a norm [2, d] is gain and shift.

    ``steps`` [n_rows, wide] is the numeric table, padded with zeros; ``knots`` and ``first`` are
    those of its `Bins`.
    """

    steps: Floats
    knots: Floats
    first: NDArray[np.int32]
    lookup: Floats
    dense: Floats
    dense_bias: Floats
    text: Floats
    text_mean: Floats
    text_scale: Floats
    text_kind: Floats
    event_norm: Floats
    wide_norm: Floats


class LayerRows(NamedTuple):
    """A layer's matrices with their biases and norms; ``back_`` are turned, for gradients.

    ``relation`` [N_RELATIONS, heads] adds to the logits.
    """

    ask: Floats
    ask_bias: Floats
    take: Floats
    take_bias: Floats
    widen: Floats
    widen_bias: Floats
    narrow: Floats
    narrow_bias: Floats
    back_ask: Floats
    back_take: Floats
    back_widen: Floats
    back_narrow: Floats
    ask_norm: Floats
    mix_norm: Floats
    relation: Floats


class JoinRows(NamedTuple):
    """From both queries and the summed features to the outputs, padded with zeros."""

    norm: Floats
    join: Floats
    join_bias: Floats
    out: Floats
    out_bias: Floats
    back_join: Floats
    back_out: Floats


class Rows(NamedTuple):
    """All of them; ``layers`` are LayerRows."""

    now: NowRows
    past: PastRows
    layers: Any
    join: JoinRows


def arranged(network: EventTransformer, table: Tensor, bins: Bins) -> Rows:
    """Return the weights of a network; ``table`` is ``network.table()``, of ``bins``."""
    heads = network.shape.heads
    past = PastRows.of(network.lookup, network.past_dense, bins.amounts)
    steps, text = as_array(table), _turned(network.text.weight)
    now = NowRows(
        padded(steps, len(steps), up(steps.shape[1], WIDTH)),
        bins.knots,
        bins.first,
        past.table,
        *_linear(network.now_dense),
        text,
        as_array(network.text_mean),
        as_array(network.text_scale),
        as_array(network.text_kind),
        _norm(network.norms[0]),
        _norm(network.norms[1]),
    )
    relation = as_array(network.relation)
    layers = tuple(
        _layer(layer, relation[:, at * heads : (at + 1) * heads])
        for at, layer in enumerate(network.layers)
    )
    return Rows(now, past, layers, _join(network))


def _layer(layer: Any, relation: Floats) -> LayerRows:
    parts = layer.ask, layer.take, layer.widen, layer.narrow
    arrays = [array for part in parts for array in _linear(part)]
    arrays += [as_array(part.weight) for part in parts]
    norms = [_norm(layer.before_ask), _norm(layer.before_mix)]
    return LayerRows._make([*arrays, *norms, np.ascontiguousarray(relation)])


def _join(network: EventTransformer) -> JoinRows:
    join, bias = _linear(network.join)
    out, out_bias = _linear(network.out)
    long = up(len(join), WIDTH)
    return JoinRows(
        _norm(network.before_join),
        padded(join, long, len(bias)),
        bias,
        padded(out, len(out), WIDTH),
        padded(out_bias, WIDTH),
        padded(as_array(network.join.weight), len(bias), long),
        as_array(network.out.weight),
    )


def padded(x: Floats, *shape: int) -> Floats:
    """Return an array within a larger one of zeros."""
    out = np.zeros(shape, np.float32)
    out[tuple(slice(n) for n in x.shape)] = x
    return out


def _turned(weight: Tensor) -> Floats:
    found: Floats = np.ascontiguousarray(as_array(weight).T)
    return found


def _linear(layer: nn.Linear) -> tuple[Floats, Floats]:
    return _turned(layer.weight), as_array(layer.bias)


def _norm(layer: Any) -> Floats:
    return np.stack([as_array(layer.weight), as_array(layer.bias)])
