"""Texts as sparse rows: hashed n-grams of characters and words, and measures of their style.

Characters in runs of one to four carry any writing system, its punctuation and its capitals; words,
in lower case, alone and in pairs, carry what is longer. A word is a run of letters and digits; in
scripts that put no spaces between words (Han, Kana, Hangul, Thai, Khmer and their neighbours) every
letter stands for itself. The beginning and the end of a text count as a character and as a word.
Feature hashing: Weinberger et al., 2009; no signs are needed, for a linear model over as many
places as there are learns what falls together.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from model.ngramloops import CHARS, MAX_CHARS, N_PLACES, WORDS, characters, fill

STYLE: Final = (
    "logarithm of the characters", "logarithm of the words", "share of capitals",
    "share of digits", "share of punctuation", "share of spaces", "share of line ends",
    "share outside ASCII", "mean length of words", "deviation of the length of words",
    "entropy of characters", "share of distinct characters", "share of distinct runs of characters",
    "share of distinct words", "distinct words per root of words", "share of distinct word pairs",
    "logarithm of the most frequent word's count", "logarithm of the most frequent pair's count",
)  # fmt: skip
"""What is measured of a text as far as it is read; entropy is in nats. Marks count as
words, and so do the beginning and the end, where words are compared with each other."""

N_STYLE: Final = len(STYLE)


class _Scratch(threading.local):
    """What `fill` counts in, int32[N_PLACES] and zero between calls; of four megabytes."""

    def __init__(self) -> None:
        self.counts = np.zeros(N_PLACES, np.int32)


_scratch = _Scratch()


@dataclass(frozen=True, eq=False)
class Grams:
    """Sparse rows of ``n`` texts, in the layout of a CSR matrix.

    Text i has the places ``at`` int32 and the values ``value`` float32 from ``begin[i]`` to
    ``begin[i + 1]`` (int64[n + 1]); a place may occur twice, as characters and as words. A value is
    1 + ln(count), and those of characters, and of words, have length 1. ``style`` float32[n,
    N_STYLE] are the measures of STYLE.
    """

    begin: NDArray[np.int64]
    at: NDArray[np.int32]
    value: NDArray[np.float32]
    style: NDArray[np.float32]

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the texts, in the order given."""
        sizes = np.diff(self.begin)[rows]
        begin = np.concatenate([[0], np.cumsum(sizes)])
        at = np.arange(begin[-1]) + np.repeat(self.begin[rows] - begin[:-1], sizes)
        return type(self)(begin, self.at[at], self.value[at], self.style[rows])


def grams(texts: Sequence[str]) -> Grams:
    """Return the sparse rows of texts as people wrote them, each by itself.

    >>> one = grams(["Good! Good!"])
    >>> [round(float(one.style[0, STYLE.index(name)]), 2) for name in (
    ...     "share of capitals", "share of distinct words")]
    [0.18, 0.67]
    >>> round(float((one.value ** 2).sum()), 3)
    2.0
    """
    points, ends, whole = points_of(texts)
    n = (CHARS + WORDS) * int(ends[-1] + 2 * len(texts))
    begin, at = np.zeros(len(texts) + 1, np.int64), np.empty(n, np.int32)
    value, style = np.empty(n, np.float32), np.zeros((len(texts), N_STYLE), np.float32)
    fill(points, ends, whole, *characters(), _scratch.counts, begin, at, value, style)
    return Grams(begin, at[: begin[-1]], value[: begin[-1]], style)


def points_of(
    texts: Sequence[str],
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.bool_]]:
    """Return the characters of texts as far as they are read, where each ends, and if it is whole.

    >>> points, ends, whole = points_of(["ab", "", "c"])
    >>> points.tolist(), ends.tolist(), whole.all()
    ([97, 98, 99], [0, 2, 2, 3], np.True_)
    """
    read = [text[:MAX_CHARS] for text in texts]
    ends = np.zeros(len(read) + 1, np.int64)
    np.cumsum([len(text) for text in read], out=ends[1:])
    points = np.frombuffer("".join(read).encode("utf-32-le", "surrogatepass"), np.uint32)
    whole = np.fromiter((len(text) <= MAX_CHARS for text in texts), np.bool_, len(read))
    return points, ends, whole
