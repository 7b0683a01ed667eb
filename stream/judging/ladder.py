"""A ranking as a ladder: one rung per score that a fraud has, and one for what lies between two.

A rank metric changes only where a fraud is found, so honest events between two frauds count
together. Millions of events shrink to two rungs per fraud, nothing is sorted but the frauds, and
a resample of the users is one pass that adds their weights to the rungs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

CHUNK: Final = 1 << 20
"""Rows worked on at a time, so that what lies between is small beside the events."""


def parts(n: int) -> Iterator[slice]:
    """Yield ``n`` rows in parts of ``CHUNK``."""
    return (slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK))


@dataclass(frozen=True, eq=False)
class Ladder:
    """``rung`` int32[n] of each event, 0 for the highest scores, below ``n_rungs``.

    Odd rungs hold the events of one score, all frauds among them; even rungs what lies between.
    """

    rung: NDArray[np.int32]
    n_rungs: int


def ladder_of(score: NDArray[Any], fraud: NDArray[np.bool_], tops: Sequence[int] = ()) -> Ladder:
    """Place events on the ladder of the frauds among them.

    The score of the k-th highest event has a rung too, for each k in ``tops`` that is not above n:
    so the first k are cut exactly where the events between two frauds are worth different amounts.

    >>> ladder_of(np.array([0.9, 0.5, 0.5, 0.1]), np.array([False, True, False, False])).rung
    array([0, 1, 1, 2], dtype=int32)
    """
    last = [len(score) - k for k in tops if 0 < k <= len(score)]
    ends = np.partition(score, last)[last] if last else score[:0]
    thresholds = np.unique(np.concatenate([score[fraud], ends]))
    rung = np.empty(len(score), np.int32)
    for part in parts(len(score)):
        below = np.searchsorted(thresholds, score[part], "left")
        rung[part] = 2 * len(thresholds) - below - np.searchsorted(thresholds, score[part], "right")
    return Ladder(rung, 2 * len(thresholds) + 1)


def sums_of(ladder: Ladder, at: NDArray[Any], worth: NDArray[Any] | None) -> NDArray[np.float64]:
    """Return what the events ``at`` add up to on each rung, float64[n_rungs]; None: their number.

    ``at`` int64[m] or bool[n].

    >>> ladder = ladder_of(np.array([0.9, 0.5, 0.5]), np.array([False, True, False]))
    >>> sums_of(ladder, np.array([True, True, True]), None).tolist()
    [1.0, 2.0, 0.0]
    """
    sums = np.zeros(ladder.n_rungs)
    for start in range(0, len(at), CHUNK):
        part: Any = at[start : start + CHUNK]
        if at.dtype == np.bool_:
            part = start + np.flatnonzero(part)
        weights = None if worth is None else worth[part]
        sums += np.bincount(ladder.rung[part], weights, ladder.n_rungs)
    return sums


def steps_of(
    score: NDArray[Any], fraud: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[Any], NDArray[np.float64]]:
    """Return the ladder as few events with weights, which rank metrics cannot tell from all.

    Of each rung one fraud and one legitimate event at most: whether it is fraud, bool[m], the
    rung's lowest score [m], and how many there are, float64[m].

    >>> bad, low, n = steps_of(np.array([0.9, 0.8, 0.5]), np.array([False, False, True]))
    >>> bad.tolist(), low.tolist(), n.tolist()
    ([True, False], [0.5, 0.8], [1.0, 2.0])
    """
    ladder = ladder_of(score, fraud)
    low = np.full(ladder.n_rungs, np.inf, score.dtype)
    for part in parts(len(score)):
        np.minimum.at(low, ladder.rung[part], score[part])
    bad, good = sums_of(ladder, fraud, None), sums_of(ladder, ~fraud, None)
    here, there = np.flatnonzero(bad), np.flatnonzero(good)
    at = np.concatenate([here, there])
    is_bad = np.arange(len(at)) < len(here)
    return is_bad, low[at], np.concatenate([bad[here], good[there]])


@njit(cache=True, nogil=True)
def add_weights(
    sums: NDArray[np.int32],
    rung: NDArray[np.int32],
    user: NDArray[np.int32],
    left_out: NDArray[np.bool_],
    weights: NDArray[np.uint8],
) -> None:
    """Add each event's user's ``weights`` [n_users, B] to its rung of ``sums`` [n_rungs, B].

    ``left_out`` bool[n] marks events to pass over.
    """
    for i in range(len(rung)):
        if not left_out[i]:
            for b in range(sums.shape[1]):
                sums[rung[i], b] += weights[user[i], b]


@njit(cache=True, nogil=True)
def add_worth(
    sums: NDArray[np.float64],
    rung: NDArray[np.int32],
    user: NDArray[np.int32],
    left_out: NDArray[np.bool_],
    weights: NDArray[np.uint8],
    worth: NDArray[Any],
) -> None:
    """Add the same to ``sums`` float64[n_rungs, B], each event times its ``worth``."""
    for i in range(len(rung)):
        if not left_out[i]:
            for b in range(sums.shape[1]):
                sums[rung[i], b] += weights[user[i], b] * worth[i]
