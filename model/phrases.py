"""Texts as words in their order, each with the runs of words that begin at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.ngramloops import characters
from model.ngrams import points_of
from model.phraseloops import MAX_WORDS, SIZES, find


@dataclass(frozen=True, eq=False)
class Phrases:
    """The words of ``n`` texts in their order.

    Words of text i are ``begin[i]`` to ``begin[i + 1]`` (int64[n + 1]), at most MAX_WORDS, what
    counts as a word being as in `model.ngrams`; the begin and the end count too. ``at``
    int32[words, SIZES] are the places (below N_PLACES) of the runs of one, two and three words that
    begin at a word, -1 where a run would go past the end.
    """

    begin: NDArray[np.int64]
    at: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.begin) - 1

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the texts, in the order given."""
        sizes = np.diff(self.begin)[rows]
        begin = np.concatenate([[0], np.cumsum(sizes)])
        at = np.arange(begin[-1]) + np.repeat(self.begin[rows] - begin[:-1], sizes)
        return type(self)(begin, self.at[at])


def phrases(texts: Sequence[str]) -> Phrases:
    """Return the words of texts as people wrote them, each text by itself.

    >>> found = phrases(["Works well", "很好"])
    >>> found.begin.tolist(), (found.at[3] >= 0).tolist()
    ([0, 4, 8], [True, False, False])
    """
    points, ends, whole = points_of(texts)
    n = int(np.minimum(np.diff(ends) + 2, MAX_WORDS).sum())
    begin, at = np.zeros(len(texts) + 1, np.int64), np.empty((n, SIZES), np.int32)
    find(points, ends, whole, *characters(), begin, at)
    return Phrases(begin, at[: begin[-1]])
