"""How the loops of `model.loops` pass gradients back."""

from typing import Any, Final

import numpy as np

from model.loops import below, exp, fused, spread, summed

_ONE: Final = np.float32(1)


@summed
def unnormalise(given: Any, x: Any, norm: Any, out: Any) -> None:
    """Add to out [m, n] the gradient at x [m, n] of a layer norm whose answer has ``given``."""
    n = x.shape[1]
    size, gain = np.float32(n), norm[0]
    for i in range(x.shape[0]):
        row, slope, to = x[i], given[i], out[i]
        mean, scale = spread(row)
        level, along = np.float32(0), np.float32(0)
        for j in range(n):
            level += slope[j] * gain[j]
            along += slope[j] * gain[j] * (row[j] - mean) * scale
        level, along = level / size, along / size
        for j in range(n):
            to[j] += scale * (slope[j] * gain[j] - level - along * (row[j] - mean) * scale)


@fused
def ungelu(x: Any, slope: Any) -> None:
    """Multiply slope [n] by the derivative of `gelu` at x [n]."""
    for j in range(x.shape[0]):
        share, bell = below(x[j])
        slope[j] *= share + x[j] * bell * np.float32(0.3989422804014327)


@fused
def unsilu(x: Any, slope: Any, out: Any) -> None:
    """Write slope [n] times the derivative of `silu` at x [n] to out [n]."""
    for j in range(x.shape[0]):
        share = _ONE / (_ONE + exp(-x[j]))
        out[j] = slope[j] * share * (_ONE + x[j] * (_ONE - share))


@summed
def unsoftmax(share: Any, slope: Any) -> None:
    """Replace slope [n], given at the shares of a `softmax`, by the gradient at its logits."""
    mean = np.float32(0)
    for j in range(share.shape[0]):
        mean += share[j] * slope[j]
    for j in range(share.shape[0]):
        slope[j] = share[j] * (slope[j] - mean)
