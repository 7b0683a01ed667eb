"""Card precision: of the users whom a day's investigators look at, how many were defrauded.

Source: Y.-A. Le Borgne and others, "Reproducible Machine Learning for Credit Card Fraud Detection -
Practical Handbook", 2022, chapter 4, section "Precision top-k metrics".
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.days import Days

TOP: Final = 100
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
"""Fibonacci hashing: users of one score come in an order that neither time nor label decides."""


def card_precision(
    days: Days,
    user: NDArray[Any],
    score: NDArray[Any],
    fraud: NDArray[np.bool_],
    k: int = TOP,
) -> float | None:
    """Return the mean over days of the share of defrauded users among the ``k`` highest.

    A user ranks by its highest score of the day, counts if it has a fraud that day, and leaves the
    list on the days after it was found. As in the handbook, ``k`` divides however few users a day
    has. None where there are no events or no fraud.
    """
    if not fraud.any():
        return None
    found: NDArray[np.uint64] = np.empty(0, np.uint64)
    n_found = 0
    for at in days:
        users, best, defrauded = _cards(user[at], score[at], fraud[at])
        left = ~np.isin(users, found)
        users, best, defrauded = users[left], best[left], defrauded[left]
        top = np.lexsort((users * _SPREAD, -best))[:k]
        caught = users[top[defrauded[top]]]
        n_found += len(caught)
        found = np.concatenate([found, caught])
    return n_found / (k * len(days))


def most_card_precision(
    days: Days, user: NDArray[Any], fraud: NDArray[np.bool_], k: int = TOP
) -> float | None:
    """Return the highest card precision that any scores could attain.

    Each defrauded user is found at most once, on one of its days, and at most ``k`` on one day: a
    flow from users to days. None where there is no fraud.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - half a second
    from scipy.sparse.csgraph import maximum_flow  # noqa: PLC0415

    if not fraud.any():
        return None
    pairs = [np.unique(user[at][fraud[at]]) for at in days]
    users, card = np.unique(np.concatenate(pairs), return_inverse=True)
    day = np.repeat(np.arange(len(pairs)), [len(pair) for pair in pairs])
    n, m = len(users), len(pairs)
    source, sink = n + m, n + m + 1
    start = np.concatenate([np.full(n, source), card, n + np.arange(m)])
    end = np.concatenate([np.arange(n), n + day, np.full(m, sink)])
    room = np.repeat(np.array([1, k], np.int32), [n + len(card), m])
    graph = coo_array((room, (start.astype(np.int32), end.astype(np.int32))), (n + m + 2,) * 2)
    return float(maximum_flow(graph.tocsr(), source, sink).flow_value / (k * m))


def _cards(
    user: NDArray[Any], score: NDArray[Any], fraud: NDArray[np.bool_]
) -> tuple[NDArray[np.uint64], NDArray[Any], NDArray[np.bool_]]:
    """Return one day's users, each with its highest score and whether it has a fraud."""
    order = np.argsort(user, kind="stable")
    who = user[order]
    starts = np.flatnonzero(np.concatenate([[True], who[1:] != who[:-1]]))
    best = np.maximum.reduceat(score[order], starts)
    return who[starts].astype(np.uint64), best, np.logical_or.reduceat(fraud[order], starts)
