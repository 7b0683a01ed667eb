"""Counting a text's n-grams and measuring its style, compiled."""

import unicodedata
from functools import cache
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

BITS: Final = 20
N_PLACES: Final = 1 << BITS
"""Places that n-grams are hashed to: four times what 4,000 reviews fill."""

MAX_CHARS: Final = 2048
"""What lies beyond is not read: it bounds the time that one record can take."""

CHARS, WORDS = 4, 2
"""The longest run of characters, and of words."""

_BEGIN, _END = 2, 3
_SPACE, _IN_WORD, _ALONE, _CAPITAL, _DIGIT = 1, 2, 3, 4, 8
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio
_FINISHER: Final = np.uint64(0xFF51AFD7ED558CCD)  # MurmurHash3's 64-bit finaliser
_WORD_SEED: Final = np.uint64(0x2545F4914F6CDD1D)
_SHIFT: Final = np.uint64(64 - BITS)
_UNSPACED: Final = (
    (0x0E00, 0x1000), (0x1780, 0x1800), (0x3040, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB00)
)  # fmt: skip
_PLANE: Final = 1 << 16


@cache
def characters() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return the kind and the lower case of every character of the basic plane."""
    kind, lower = np.zeros(_PLANE, np.uint8), np.arange(_PLANE, dtype=np.uint32)
    for point in range(_PLANE):
        letter = chr(point)
        category, small = unicodedata.category(letter), letter.lower()
        if category[0] == "Z" or category == "Cc":
            kind[point] = _SPACE
        elif category[0] in "LNM":
            alone = category == "Lo" and any(low <= point < high for low, high in _UNSPACED)
            kind[point] = _ALONE if alone else _IN_WORD
        kind[point] |= _CAPITAL * (category == "Lu") | _DIGIT * (category == "Nd")
        if len(small) == 1 and ord(small) < _PLANE:
            lower[point] = ord(small)
    return kind, lower


@njit(cache=True, nogil=True)
def place_of(gram: Any) -> Any:
    """Return the place that a hash of an n-gram falls to, below N_PLACES."""
    return np.int64(((gram ^ (gram >> np.uint64(32))) * _FINISHER) >> _SHIFT)


@njit(cache=True, nogil=True)
def _counted(place: Any, counts: Any, at: Any, end: Any) -> Any:
    """Count a place, and note it at ``end`` if it is new; return whether it is, 0 or 1."""
    is_new = np.int64(counts[place] == 0)
    if is_new:
        at[end] = place
    counts[place] += 1
    return is_new


@njit(cache=True, nogil=True)
def fill(
    points: Any, ends: Any, whole: Any, kinds: Any, lower: Any, counts: Any,
    begin: Any, at: Any, value: Any, style: Any,
) -> None:  # fmt: skip
    """Write the rows of all texts; ``counts`` int32[N_PLACES] is zero before and after."""
    words = np.empty(MAX_CHARS + 2, np.uint64)
    for i in range(len(ends) - 1):
        text, row = points[ends[i] : ends[i + 1]], begin[i]
        middle = _characters_of(text, whole[i], counts, at, row, style[i])
        _weigh(counts, at, value, row, middle)
        n = hash_words(text, whole[i], kinds, lower, words, style[i])
        end = _pairs_of(words, n, counts, at, middle, style[i])
        _weigh(counts, at, value, middle, end)
        begin[i + 1] = end


@njit(cache=True, nogil=True)
def _weigh(counts: Any, at: Any, value: Any, begin: int, end: int) -> None:
    total = 0.0
    for k in range(begin, end):
        value[k] = 1 + np.log(np.float32(counts[at[k]]))
        total += value[k] * value[k]
        counts[at[k]] = 0
    for k in range(begin, end):
        value[k] /= np.sqrt(total)


@njit(cache=True, nogil=True)
def _characters_of(text: Any, whole: bool, counts: Any, at: Any, begin: int, style: Any) -> int:
    """Count the runs of characters; return the end of the places."""
    n = len(text) + (2 if whole else 1)
    end, distinct = begin, np.zeros(CHARS + 1, np.int64)
    for i in range(n):
        gram = np.uint64(0)
        for size in range(1, min(CHARS, n - i) + 1):
            j = i + size - 2
            point = np.uint64(_BEGIN if j < 0 else _END if j == len(text) else text[j])
            gram = (gram ^ point) * _MULTIPLIER
            is_new = _counted(place_of(gram), counts, at, end)
            distinct[size] += is_new
            end += is_new
    entropy, size = 0.0, max(len(text), 1)
    for j in range(len(text)):  # of the mean surprise: every character says -ln of its share
        entropy -= np.log(counts[place_of(np.uint64(text[j]) * _MULTIPLIER)] / size) / size
    style[0], style[10] = np.log(1 + len(text)), entropy
    style[11] = max(distinct[1] - 2, 0) / size
    style[12] = distinct[CHARS] / max(n - CHARS + 1, 1)
    return end


@njit(cache=True, nogil=True)
def hash_words(text: Any, whole: bool, kinds: Any, lower: Any, words: Any, style: Any) -> int:
    """Hash the words and marks of a text; return how many, beginning and end included.

    ``words`` uint64[MAX_CHARS + 2] is written; to ``style`` float32[18] is added.
    """
    words[0] = np.uint64(_BEGIN)
    n, n_words, length, squares, i = 1, 0, 0, 0, 0
    size = max(len(text), 1)
    while i < len(text):
        kind = kinds[text[i]] if text[i] < _PLANE else 0
        style[2] += ((kind & _CAPITAL) != 0) / size
        style[3] += ((kind & _DIGIT) != 0) / size
        style[4] += ((kind & 3) == 0) / size
        style[5] += ((kind & 3) == _SPACE) / size
        style[6] += (text[i] == 10) / size
        style[7] += (text[i] > 127) / size
        point = lower[text[i]] if text[i] < _PLANE else text[i]
        in_word = (kind & 3) == _IN_WORD
        if in_word and length > 0:
            words[n - 1] = ((words[n - 1] ^ (words[n - 1] >> np.uint64(29))) ^ point) * _MULTIPLIER
            length += 1
        elif (kind & 3) != _SPACE:
            words[n] = (np.uint64(point) ^ _WORD_SEED) * _MULTIPLIER
            n += 1
            n_words += (kind & 3) != 0
            length = 1 if in_word else 0
            squares += (kind & 3) == _ALONE
            style[8] += (kind & 3) == _ALONE
        i += 1
        goes_on = i < len(text) and text[i] < _PLANE and (kinds[text[i]] & 3) == _IN_WORD
        if not (in_word and goes_on):
            style[8] += length
            squares += length * length
            length = 0
    style[1], style[8] = np.log(1 + n_words), style[8] / max(n_words, 1)
    style[9] = np.sqrt(max(squares / max(n_words, 1) - style[8] * style[8], 0.0))
    if whole:
        words[n] = np.uint64(_END)
        n += 1
    return n


@njit(cache=True, nogil=True)
def _pairs_of(words: Any, n: int, counts: Any, at: Any, begin: int, style: Any) -> int:
    """Count words and pairs of words; return the end of the places."""
    end = begin
    most, distinct = np.zeros(WORDS + 1, np.int64), np.zeros(WORDS + 1, np.int64)
    for i in range(n):
        gram = _WORD_SEED
        for size in range(1, min(WORDS, n - i) + 1):
            gram = ((gram ^ (gram >> np.uint64(31))) ^ words[i + size - 1]) * _MULTIPLIER
            place = place_of(gram)
            is_new = _counted(place, counts, at, end)
            distinct[size] += is_new
            end += is_new
            most[size] = max(most[size], counts[place])
    style[13], style[14] = distinct[1] / n, distinct[1] / np.sqrt(n)
    style[15] = distinct[2] / max(n - 1, 1)
    style[16], style[17] = np.log(most[1]), np.log(max(most[2], 1))
    return end
