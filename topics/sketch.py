"""A text in 16 bytes: signed sums of its hashed character n-grams, four bits each.

Similar texts have similar sketches, in any script, so that a model can compare the texts of past
events without keeping them. Feature hashing with signs: Weinberger et al., 2009.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

N_BYTES: Final = 16
N_VALUES: Final = 32
NO_TEXT: Final = 0x88
"""Every byte of the sketch of no text: two zeros, stored as value + 8."""

MAX_CHARS: Final = 2048
"""What lies beyond is not read: it bounds the time that one record can take."""

# A unit vector of 32 values has a typical value of 0.18; 14 puts that at 2.5 of the 7 steps.
_STEPS_PER_UNIT: Final = 14.0
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
_FINISHER: Final = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser


def sketches(texts: Sequence[str | None]) -> NDArray[np.uint8]:
    """Return the sketches of texts as uint8[n, 16]; None and "" give the sketch of no text.

    Pass texts in their normal form (:func:`topics.hashing.normalise_text`): case and punctuation
    count here.

    >>> same, other = unpack(sketches(["good quality", "good qualities", "远程快递"]))[0] @ (
    ...     unpack(sketches(["good quality", "good qualities", "远程快递"]))[1:].T)
    >>> bool(same > 2 * abs(other))
    True
    """
    out = np.full((len(texts), N_BYTES), NO_TEXT, np.uint8)
    at = [i for i, text in enumerate(texts) if text]
    if at:
        found = [(texts[i] or "")[:MAX_CHARS] for i in at]
        sizes = np.fromiter(map(len, found), np.int64, len(found))
        points = np.frombuffer("".join(found).encode("utf-32-le", "surrogatepass"), np.uint32)
        _sketch(points, sizes, np.array(at, np.int64), out)
    return out


def unpack(sketch: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the 32 values behind each sketch: uint8[..., 16] to float32[..., 32] in [-1, 1].

    No text gives zeros. Byte j holds value 2j in its low half and 2j + 1 in its high half.

    >>> unpack(sketches([None])).any()
    np.False_
    """
    return _VALUES[sketch].reshape(*sketch.shape[:-1], 2 * sketch.shape[-1])


_VALUES: Final = (
    np.stack([np.arange(256) & 15, np.arange(256) >> 4], axis=1).astype(np.float32) - 8
) / np.float32(7)


@njit(cache=True, nogil=True)
def _sketch(
    points: NDArray[np.uint32],
    sizes: NDArray[np.int64],
    rows: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    sums = np.empty(N_VALUES, np.float64)
    start = 0
    for k in range(sizes.shape[0]):
        sums[:] = 0.0
        end = start + sizes[k]
        for i in range(start, end):
            gram = np.uint64(0)
            for n in range(1, min(3, end - i) + 1):
                gram = (gram ^ np.uint64(points[i + n - 1])) * _MULTIPLIER
                mixed = (gram ^ (gram >> np.uint64(32))) * _FINISHER
                place = np.int64(mixed >> np.uint64(59))
                # Longer n-grams say more than single letters and weigh more.
                sums[place] += n if (mixed >> np.uint64(58)) & np.uint64(1) else -n
        start = end
        norm = np.sqrt((sums * sums).sum())
        if norm == 0.0:
            continue
        for j in range(N_BYTES):
            low = _quantised(sums[2 * j] / norm)
            out[rows[k], j] = low | (_quantised(sums[2 * j + 1] / norm) << 4)


@njit(cache=True, inline="always")
def _quantised(share: float) -> int:
    return int(min(7.0, max(-7.0, np.rint(share * _STEPS_PER_UNIT)))) + 8
