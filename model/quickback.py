"""The way back through a block of `model.quickpass`: how an output changes with the features."""

from typing import Any

import numpy as np

from model.loops import ROWS, add_product, fused, summed, summed_within, up
from model.quickroom import steps_of
from model.slopes import ungelu, unnormalise, unsilu, unsoftmax


@fused
def back(head: Any, size: Any, hidden: Any, rows: Any, b: Any, steps: Any, out: Any) -> None:
    """Write the gradient of output ``head`` at ``b.wide`` to out [size, wide]."""
    some = up(size, ROWS)
    d, f4 = b.x.shape[1], np.float32
    n_joint = b.joint.shape[1]
    joined = np.zeros((some, b.joined.shape[1]), f4)
    for i in range(size):
        joined[i] = rows.join.back_out[head]
        ungelu(b.joined[i], joined[i])
    calm = np.zeros((some, b.calm_joint.shape[1]), f4)
    add_product(joined, rows.join.back_join, calm)
    joint = np.zeros((some, n_joint), f4)
    unnormalise(calm[:, :n_joint], b.joint[:some], rows.join.norm, joint)
    both = np.empty((some, 2 * d), f4)
    for i in range(some):
        both[i] = joint[i, : 2 * d]
    for at in range(len(rows.layers) - 1, -1, -1):
        _unask(rows.layers[at], size, b, steps_of(steps, at), both)
    features = np.zeros((some, d), f4)
    unnormalise(both[:, d:], b.now[:some], rows.now.wide_norm, features)
    for i in range(size):
        out[i, :] = 0
        out[i, :d] = features[i]
        unsilu(b.wide[i, d : d + hidden], joint[i, 2 * d :], out[i, d : d + hidden])
        out[i, d + hidden + head] = 1


@fused
def _unask(layer: Any, size: Any, b: Any, s: Any, both: Any) -> None:
    """Take the gradient both [n, 2 d] back through a layer, in place."""
    some, f4 = len(both), np.float32
    d = both.shape[1] // 2
    mixed = np.zeros((some, 2 * d), f4)
    add_product(both, layer.back_narrow, mixed)
    for i in range(some):
        ungelu(s.mixed[i], mixed[i])
    calm_both = np.zeros((some, 2 * d), f4)
    add_product(mixed, layer.back_widen, calm_both)
    unnormalise(calm_both, s.between[:some], layer.mix_norm, both)
    x = both.reshape(2 * some, d)
    taken = np.zeros((2 * some, s.taken.shape[1]), f4)
    add_product(x, layer.back_take, taken)
    each = s.shares.shape[1]
    taken_each = taken.reshape(some, each, d)
    asked = np.zeros((2 * some, s.taken.shape[1]), f4)
    asked_each = asked.reshape(some, each, d)
    slopes = np.empty((each, s.shares.shape[2]), f4)
    for i in range(size):
        slopes[:] = 0
        n = b.length[i]
        add_product(taken_each[i], b.turned[i], slopes)
        for k in range(each):
            slopes[k, n:] = 0
            unsoftmax(s.shares[i, k], slopes[k])
        add_product(slopes[:, :n], b.events[i], asked_each[i])
    calm = np.zeros((2 * some, d), f4)
    add_product(asked, layer.back_ask, calm)
    unnormalise(calm, s.before[: 2 * some], layer.ask_norm, x)


@summed
def add_contributions(
    gradient: Any, row: Any, weight: Any, usual_row: Any, usual_weight: Any, steps: Any, out: Any
) -> None:
    """Add to out [F] what each feature's rows of the table add along a gradient, less the usual."""
    for i in range(row.shape[0]):
        if row[i] == usual_row[i] and weight[i] == usual_weight[i]:
            continue
        if weight[i] != 0:
            out[i // 2] += weight[i] * _along(gradient, steps[row[i]])
        if usual_weight[i] != 0:
            out[i // 2] -= usual_weight[i] * _along(gradient, steps[usual_row[i]])


@summed_within
def _along(gradient: Any, row: Any) -> Any:
    total = np.float32(0)
    for j in range(gradient.shape[0]):
        total += gradient[j] * row[j]
    return total
