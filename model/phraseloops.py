"""Words in their order, and a small network over them, compiled."""

from typing import Any, Final

import numpy as np
from numba import njit

from model.ngramloops import MAX_CHARS, hash_words, place_of
from model.ngrams import N_STYLE

SIZES: Final = 3
"""The longest run of words that has a vector."""

REACH: Final = 2
"""Words to the left and to the right that change what a word says."""

MAX_WORDS: Final = 512
"""What lies beyond is not read: it bounds the time that one record can take."""

_SEED: Final = np.uint64(0xD6E8FEB86659FD93)
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def find(
    points: Any, ends: Any, whole: Any, kinds: Any, lower: Any, begin: Any, at: Any
) -> None:  # fmt: skip
    """Write the places of the runs of words that begin at each word; -1 beyond the end."""
    words, style = np.empty(MAX_CHARS + 2, np.uint64), np.zeros(N_STYLE, np.float32)
    for i in range(len(ends) - 1):
        n = hash_words(points[ends[i] : ends[i + 1]], whole[i], kinds, lower, words, style)
        n, row = min(n, MAX_WORDS), begin[i]
        for j in range(n):
            gram = _SEED
            for size in range(SIZES):
                if j + size < n:
                    gram = ((gram ^ (gram >> np.uint64(31))) ^ words[j + size]) * _MULTIPLIER
                    at[row + j, size] = place_of(gram)
                else:
                    at[row + j, size] = -1
        begin[i + 1] = row + n


@njit(cache=True, nogil=True)
def answer(
    begin: Any, at: Any, row_of: Any, table: Any, taps: Any, bias: Any, mean: Any, most: Any,
    out: Any,
) -> None:  # fmt: skip
    """Add what the network says of each text to ``out`` float64[n]; shapes as in `PhraseNet`."""
    width = table.shape[1]
    vectors = np.empty((MAX_WORDS, width), np.float32)
    mixed, total, top = np.empty((3, width), np.float32)
    for i in range(len(out)):
        n, row = begin[i + 1] - begin[i], begin[i]
        for j in range(n):
            vectors[j] = 0
            for size in range(SIZES):
                place = at[row + j, size]
                if place >= 0 and row_of[place] >= 0:
                    found = table[row_of[place]]
                    for c in range(width):
                        vectors[j, c] += found[c]
        total[:], top[:] = 0, -np.inf
        for j in range(n):
            mixed[:] = bias
            for k in range(max(REACH - j, 0), min(2 * REACH + 1, n - j + REACH)):
                for a in range(width):
                    here, tap = vectors[j + k - REACH, a], taps[k, a]
                    for c in range(width):
                        mixed[c] += here * tap[c]
            for c in range(width):
                value = vectors[j, c] + max(mixed[c], np.float32(0))
                total[c] += value
                top[c] = max(top[c], value)
        for c in range(width):
            out[i] += total[c] / np.sqrt(n) * mean[c] + top[c] * most[c]
