"""Confidence intervals by resampling users: a user's events depend on each other.

Source: the cluster bootstrap, A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their
Application", 1997, section 3.8, with percentile intervals. A resample is a weight per user, how
often it was drawn; no event is copied.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.judged import Cases
from stream.judging.ladder import Ladder, add_weights, add_worth
from stream.judging.ranking import Rungs, resampled_metrics

CONFIDENCE: Final = 0.95
FEWEST_RESAMPLES: Final = 50
MANY_EVENTS: Final = 4_000_000
"""From so many events on there are fewer resamples, so that the time stays the same."""

MOST_AT_ONCE: Final = 16
MOST_CELLS: Final = 1 << 21
"""Rungs, or users, times resamples of one block: 16 MB of sums."""


def n_resamples_for(n: int, asked: int) -> int:
    """Return how many resamples ``n`` events get where ``asked`` are wanted.

    >>> n_resamples_for(1_000_000, 200), n_resamples_for(8_000_000, 200)
    (200, 100)
    """
    return min(asked, max(FEWEST_RESAMPLES, asked * MANY_EVENTS // max(n, 1)))


def user_weights(
    n_users: int, n_resamples: int, at_once: int, seed: int
) -> Iterator[NDArray[np.uint8]]:
    """Draw users with replacement: how often each was drawn, uint8[n_users, B] in blocks.

    The draws do not depend on the size of a block.

    >>> [w.sum(0).tolist() for w in user_weights(5, 3, 2, seed=1)]
    [[5, 5], [5]]
    """
    rng = np.random.default_rng(seed)
    for start in range(0, n_resamples, at_once):
        weights = np.empty((n_users, min(at_once, n_resamples - start)), np.uint8)
        for b in range(weights.shape[1]):
            drawn = rng.integers(0, n_users, n_users, dtype=np.int32)
            weights[:, b] = np.bincount(drawn, minlength=n_users)
        yield weights


def rank_intervals(
    cases: Cases,
    ladder: Ladder,
    groups: Sequence[NDArray[np.int64]],
    worth: NDArray[Any] | None,
    *,
    seed: int,
    n_resamples: int,
) -> list[dict[str, Any]]:
    """Return the intervals of the rank metrics, for each group of frauds against all legitimate.

    ``groups`` are rows of frauds; the legitimate are added up once for all of them.
    """
    at_once = _at_once(max(ladder.n_rungs, cases.n_users))
    drawn: list[list[dict[str, Any]]] = [[] for _ in groups]
    if cases.n_users > 1:
        for weights in user_weights(cases.n_users, n_resamples, at_once, seed):
            legit = _legit(cases, ladder, weights, worth)
            for found, rows in zip(drawn, groups, strict=True):
                fraud = _fraud(cases, ladder, weights, worth, rows)
                found.append(resampled_metrics(Rungs(fraud[0], legit[0], fraud[1], legit[1])))
    return [_intervals(found) if found else {} for found in drawn]


def interval(values: NDArray[np.float64]) -> list[float] | None:
    """Return the middle 95 % of the resamples that have a value; None where few have one.

    >>> [round(end, 9) for end in interval(np.arange(201.0)) or []]
    [5.0, 195.0]
    """
    known = values[np.isfinite(values)]
    if 2 * len(known) < len(values) or not len(known):
        return None
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return [float(low), float(high)]


def mean_intervals(
    sums: NDArray[np.float64], totals: NDArray[np.float64], *, seed: int, n_resamples: int
) -> list[list[float] | None]:
    """Return the intervals of k weighted means, from the users' ``sums`` [k, U], ``totals`` [U]."""
    if len(totals) < 2:
        return [None] * len(sums)
    found = []
    for weights in user_weights(len(totals), n_resamples, _at_once(len(totals)), seed):
        total = totals @ weights
        known = np.where(total > 0, total, np.nan)
        found.append(np.stack([row @ weights for row in sums]) / known)
    return [interval(row) for row in np.concatenate(found, axis=1)]


def _at_once(n_rows: int) -> int:
    return int(np.clip(MOST_CELLS // n_rows, 1, MOST_AT_ONCE))


def _intervals(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the intervals of the blocks' values, in the blocks' shape."""
    return {
        name: _intervals([block[name] for block in found])
        if isinstance(first, dict)
        else interval(np.concatenate([block[name] for block in found]))
        for name, first in found[0].items()
    }


def _legit(
    cases: Cases, ladder: Ladder, weights: NDArray[np.uint8], worth: NDArray[Any] | None
) -> list[NDArray[Any]]:
    return _summed(ladder, ladder.rung, cases.user, cases.fraud, weights, worth)


def _fraud(
    cases: Cases,
    ladder: Ladder,
    weights: NDArray[np.uint8],
    worth: NDArray[Any] | None,
    rows: NDArray[np.int64],
) -> list[NDArray[Any]]:
    none = np.zeros(len(rows), np.bool_)
    own = None if worth is None else worth[rows]
    return _summed(ladder, ladder.rung[rows], cases.user[rows], none, weights, own)


def _summed(
    ladder: Ladder,
    rung: NDArray[np.int32],
    user: NDArray[np.int32],
    left_out: NDArray[np.bool_],
    weights: NDArray[np.uint8],
    worth: NDArray[Any] | None,
) -> list[NDArray[Any]]:
    """Return the rungs' sums of events, int32[S, B], and of their worth, float64[S, B]."""
    counts = np.zeros((ladder.n_rungs, weights.shape[1]), np.int32)
    add_weights(counts, rung, user, left_out, weights)
    if worth is None:
        return [counts, counts]
    amounts = np.zeros(counts.shape)
    add_worth(amounts, rung, user, left_out, weights, worth)
    return [counts, amounts]
