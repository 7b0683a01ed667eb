"""Matrix products, norms and activations of float32 as compiled loops.

Every row of an answer is computed by the same instructions in the same order, however many rows
there are, so that it does not depend on its neighbours by a single bit. Numba lets go of the
interpreter once for a whole network, where PyTorch does so for each of its operations.
"""

from typing import Any, Final

import numpy as np

from model.tiles import (
    GATHERED,
    LANES,
    TILE_ROWS,
    add_chosen,
    add_chosen_wide,
    add_tile,
    add_wide_tile,
)
from topics.compiled import compiled, inlined

ROWS: Final = 8
"""What the rows of a product are a multiple of."""

WIDTH: Final = 16
"""Numbers of a cache line; rows and pasts are padded to a multiple."""

_LOG2_E: Final = np.float32(1.4426950408889634)
_LN2_HIGH: Final = np.float32(0.693359375)
_LN2_LOW: Final = np.float32(-2.12194440e-4)
_HALF: Final = np.float32(0.5)
_ONE: Final = np.float32(1)


def fused(function: Any) -> Any:
    """Compile with products and sums in one instruction where the processor has it."""
    return compiled(function, fastmath={"contract"})


def within(function: Any) -> Any:
    """Compile as `fused` does, into the callers: for what is short and in their inner loops."""
    return compiled(function, fastmath={"contract"}, forceinline=True)


def summed(function: Any) -> Any:
    """Compile with sums over a row in several parts, always the same ones."""
    return compiled(function, fastmath={"contract", "reassoc"})


def summed_within(function: Any) -> Any:
    """Compile as `summed` does, into the callers."""
    return compiled(function, fastmath={"contract", "reassoc"}, forceinline=True)


def ranked(function: Any) -> Any:
    """Compile as `summed` does, for rows without NaN, whose largest number is searched."""
    return compiled(function, fastmath={"contract", "reassoc", "nnan", "nsz"})


@fused
def add_product(a: Any, b: Any, out: Any) -> None:
    """Add a [m, k] times b [k, n] to out [m, n]; m is a multiple of ROWS.

    The numbers of a row lie side by side. Fastest where n is a multiple of WIDTH.
    """
    n = out.shape[1]
    wide, some = n - n % (2 * LANES), n - n % LANES
    for i in range(0, a.shape[0], TILE_ROWS):
        for j in range(0, wide, 2 * LANES):
            add_wide_tile(a, b, out, i, j)
        for j in range(wide, some, LANES):
            add_tile(a, b, out, i, j)
    for i in range(a.shape[0]):
        for j in range(some, n):
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]


@fused
def add_rows(table: Any, at: Any, share: Any, n: Any, out: Any) -> None:
    """Add the first n rows ``at`` of a table [m, width], times their shares, to out [width].

    ``at`` is int32. Fastest where the width is a multiple of WIDTH.
    """
    width = out.shape[0]
    wide, some = width - width % (GATHERED * LANES), width - width % LANES
    for j in range(0, wide, GATHERED * LANES):
        add_chosen_wide(table, at, share, n, out, j)
    for j in range(wide, some, LANES):
        add_chosen(table, at, share, n, out, j)
    for j in range(some, width):
        for k in range(n):
            out[j] += share[k] * table[at[k], j]


@inlined
def up(n: Any, to: Any) -> Any:
    """Round up to a multiple.

    >>> up(17, 16)
    32
    """
    return -(-n // to) * to


@compiled
def fill_rows(out: Any, row: Any) -> None:
    """Set every row of out [m, n] to row [n]."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = row[j]


@fused
def add_row(out: Any, row: Any) -> None:
    """Add row [n] to out [n]."""
    for j in range(out.shape[0]):
        out[j] += row[j]


@summed_within
def spread(row: Any) -> Any:
    """Return the mean of row [n], and one over its standard deviation."""
    n = np.float32(row.shape[0])
    total = np.float32(0)
    for j in range(row.shape[0]):
        total += row[j]
    mean = total / n
    squares = np.float32(0)
    for j in range(row.shape[0]):
        squares += (row[j] - mean) * (row[j] - mean)
    return mean, _ONE / np.sqrt(squares / n + np.float32(1e-5))


@summed
def normalise(x: Any, norm: Any, out: Any) -> None:
    """Write a layer norm of each row of x [m, n], with norm [2, n] its gain and shift, to out."""
    n = x.shape[1]
    gain, shift = norm[0], norm[1]
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        mean, scale = spread(row)
        for j in range(n):
            to[j] = (row[j] - mean) * scale * gain[j] + shift[j]


@inlined
def exp(x: Any) -> Any:
    """Return e to the power of x, at most 88, to within 2 units of the last place of float32."""
    x = min(max(x, np.float32(-87)), np.float32(88))
    whole = np.floor(x * _LOG2_E + _HALF)
    x = x - whole * _LN2_HIGH - whole * _LN2_LOW
    y = np.float32(1.9875691500e-4)
    y = y * x + np.float32(1.3981999507e-3)
    y = y * x + np.float32(8.3334519073e-3)
    y = y * x + np.float32(4.1665795894e-2)
    y = y * x + np.float32(1.6666665459e-1)
    y = y * x + np.float32(5.0000001201e-1)
    y = y * x * x + x + _ONE
    bits = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23))
    return y * bits.view(np.float32)


@within
def below(x: Any) -> Any:
    """Return the normal distribution's share below x, to within 2e-7, and its bell, 1 at 0.

    The error function is 7.1.26 of Abramowitz and Stegun, "Handbook of Mathematical Functions".
    """
    z = abs(x) * np.float32(0.7071067811865476)
    t = _ONE / (_ONE + np.float32(0.3275911) * z)
    bell = exp(-z * z)
    tail = np.float32(1.061405429)
    tail = tail * t - np.float32(1.453152027)
    tail = tail * t + np.float32(1.421413741)
    tail = tail * t - np.float32(0.284496736)
    tail = tail * t + np.float32(0.254829592)
    tail = tail * t * bell * _HALF  # above |x|
    return (tail if x < 0 else _ONE - tail), bell


@fused
def gelu(x: Any, out: Any) -> None:
    """Write to out [n] x [n] times the normal distribution's share below x."""
    for j in range(x.shape[0]):
        share, _ = below(x[j])
        out[j] = x[j] * share


@fused
def silu(x: Any, out: Any) -> None:
    """Write x [n] times its logistic function to out [n]."""
    for j in range(x.shape[0]):
        out[j] = x[j] / (_ONE + exp(-x[j]))


@ranked
def softmax(x: Any, n: Any) -> None:
    """Replace the first n numbers of x [m] by their softmax, the others by zeros."""
    high = x[0]
    x[n:] = np.float32(-1e9)
    for j in range(x.shape[0]):
        high = max(high, x[j])
    for j in range(x.shape[0]):
        x[j] = exp(x[j] - high)
    x[n:] = 0
    total = np.float32(0)
    for j in range(x.shape[0]):
        total += x[j]
    scale = _ONE / total
    for j in range(x.shape[0]):
        x[j] *= scale
