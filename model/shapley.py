"""Shapley values of trees' features: what each adds, from usual values to a row's own."""

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def shapley_values(x: Any, usual: Any, parts: Any, out: Any) -> None:
    """Add each feature's Shapley value to ``out`` float64[n, F]; ``parts`` are those of `Trees`.

    The players are the features, each at its value in ``x`` float32[n, F] or in ``usual``
    float32[F]. A row's sum is what the trees say of it less what they say of ``usual``. Where both
    values of a node's feature go the same way it plays no part; elsewhere the walk goes both ways.
    Source: S. Lundberg and others, "From local explanations to global understanding with
    explainable AI for trees", 2020, interventional TreeSHAP with one background row.
    """
    root, depth, feature, sign, threshold, child, value = parts
    size = depth.max() + 1 if len(depth) else 1
    nodes, lengths = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    asked, sides = np.empty((size + 1, size), np.int64), np.empty((size + 1, size), np.int64)
    weight = _weights(size)
    for i in range(x.shape[0]):
        for tree in range(root.shape[0]):
            nodes[0], lengths[0], top = root[tree], 0, 0
            while top >= 0:
                node, length = nodes[top], lengths[top]
                if child[2 * node] == node:
                    _share(value[node], asked[top], sides[top], length, weight, out[i])
                    top -= 1
                    continue
                f = feature[node]
                own = child[2 * node + (not sign[node] * x[i, f] <= threshold[node])]
                common = child[2 * node + (not sign[node] * usual[f] <= threshold[node])]
                side = -1
                for j in range(length):
                    if asked[top, j] == f:
                        side = sides[top, j]
                if own == common or side == 1:
                    nodes[top] = own
                elif side == 0:
                    nodes[top] = common
                else:
                    asked[top + 1], sides[top + 1] = asked[top], sides[top]
                    asked[top : top + 2, length] = f
                    sides[top, length], sides[top + 1, length] = 0, 1
                    nodes[top], nodes[top + 1] = common, own
                    lengths[top : top + 2] = length + 1
                    top += 1


@njit(cache=True, nogil=True)
def _weights(size: int) -> Any:
    """Return (a - 1)! b! / (a + b)! for a from 1 on and b, float64[size + 1, size + 1]."""
    weight = np.zeros((size + 1, size + 1))
    for b in range(size + 1):
        weight[1, b] = 1.0 / (b + 1)
        for a in range(2, size + 1):
            weight[a, b] = weight[a - 1, b] * (a - 1) / (a + b)
    return weight


@njit(cache=True, nogil=True)
def _share(leaf: float, asked: Any, sides: Any, length: int, weight: Any, out: Any) -> None:
    """Share out a leaf that is reached with ``asked`` features at their own value or the usual."""
    n_own = 0
    for j in range(length):
        n_own += sides[j]
    for j in range(length):
        if sides[j] == 1:
            out[asked[j]] += leaf * weight[n_own, length - n_own]
        else:
            out[asked[j]] -= leaf * weight[length - n_own, n_own]
