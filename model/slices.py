"""Which rows a model learns from, stops on and is calibrated on: slices of time, in that order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.errors import InputError

ENDS: Final = (0.72, 0.82, 0.91, 1.0)
"""Shares of the rows before the ends of train, validation, calibration and report."""

COARSE: Final = 0.01
"""Share of the rows above which an instant may have to be cut."""


@dataclass(frozen=True)
class Slices:
    """Ends of the slices of ``n`` rows in time order: train, validation, calibration, report.

    The report slice is the later half of what follows validation; the calibration is chosen on it
    and fitted again on both halves, the ranking metrics are read from it.
    """

    train: int
    validation: int
    calibration: int
    n: int

    def numbers(self) -> NDArray[np.int64]:
        """Return the number of each row's slice, int64[n], 0 for train.

        >>> Slices(2, 3, 4, 6).numbers()
        array([0, 0, 1, 2, 3, 3])
        """
        ends = [self.train, self.validation, self.calibration]
        return np.searchsorted(ends, np.arange(self.n), side="right")


def time_order(time_ms: NDArray[np.int64], user: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the order of rows in time, int64[n]; rows of one instant stay in theirs.

    But where an instant has more than ``COARSE`` of all rows, as in a history that knows days only,
    its rows are in the order of their users' tokens, which are hashes: `cut` may have to cut it.

    >>> time_order(np.array([5, 3, 3]), np.array([1, 9, 2], np.uint64))
    array([2, 1, 0])
    """
    _, of, n_rows = np.unique(time_ms, return_inverse=True, return_counts=True)
    coarse = n_rows[of] > COARSE * len(time_ms)
    return np.lexsort((np.where(coarse, user, 0), time_ms))


def cut(time_ms: NDArray[np.int64], user: NDArray[np.uint64]) -> Slices:
    """Cut rows, which are in `time_order`, so that no instant lies in two slices.

    An end is moved back to the first row of its instant. Where that would leave a slice with less
    than half of its share of the rows, it is moved on to the next instant; where that would leave
    too little for those that follow, the instant is cut between two users, or within one that has
    too many of its rows. So every slice has rows, however few instants there are.
    Raises InputError where there are fewer than four rows.

    >>> cut(np.arange(100), np.zeros(100, np.uint64))
    Slices(train=72, validation=82, calibration=91, n=100)
    >>> cut(np.arange(100) // 10, np.zeros(100, np.uint64))
    Slices(train=70, validation=80, calibration=90, n=100)
    >>> cut(np.zeros(100, np.int64), np.arange(100, dtype=np.uint64) // 3)
    Slices(train=72, validation=81, calibration=90, n=100)
    """
    n = len(time_ms)
    if n < len(ENDS):
        raise InputError(f"{n} events cannot be cut into slices of time; {len(ENDS)} are needed")
    ends, before = [0], 0.0
    for n_after, share in zip((3, 2, 1), ENDS, strict=False):
        end, least = ends[-1], max(1.0, n * (share - before) / 2)
        i = round(n * share)
        if i < end + least:  # the slice before took of this one: share what is left
            i = end + round((n - end) * (share - before) / (1 - before))
        i = min(max(i, end + 1), n - n_after)
        highest = min(n - n_after, n - n * (1 - share) / 2)
        same = time_ms == time_ms[i]
        found = _boundary(same, i, end + least, highest)
        if found is None:
            found = _boundary(same & (user == user[i]), i, end + least, highest)
        ends.append(i if found is None else found)
        before = share
    return Slices(ends[1], ends[2], ends[3], n)


def _boundary(same: NDArray[np.bool_], i: int, lowest: float, highest: float) -> int | None:
    """Return the first row of the run of ``same`` about row ``i``, or that after it; None: neither.

    It lies between ``lowest`` and ``highest``.
    """
    before, after = ~same[:i][::-1], ~same[i:]
    first = i - int(before.argmax()) if before.any() else 0
    behind = i + int(after.argmax()) if after.any() else len(same)
    if lowest <= first:
        return first
    return behind if behind <= highest else None


def kept_share(n_negative: int, n_positive: int, *, ratio: int, at_least: int) -> float:
    """Return the share of negatives that an epoch keeps: ``ratio`` per positive, or more.

    >>> kept_share(1_000_000, 1_000, ratio=50, at_least=20_000)
    0.05
    """
    return min(1.0, max(ratio * n_positive, at_least) / max(n_negative, 1))


def epoch_rows(
    label: NDArray[np.int8], share: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw an epoch's rows in random order: all positives, and ``share`` of everything else."""
    rest = np.flatnonzero(label != 1)
    kept = rest if share >= 1 else rng.choice(rest, round(share * len(rest)), replace=False)
    return rng.permutation(np.concatenate([np.flatnonzero(label == 1), kept]))
