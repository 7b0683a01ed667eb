"""Which rows a model learns from, stops on and is calibrated on: slices of time, in that order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

TRAIN_SHARE: Final = 0.72
VALIDATION_SHARE: Final = 0.10


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


def cut(time_ms: NDArray[np.int64]) -> Slices:
    """Cut rows in time order so that no instant lies in two slices.

    >>> cut(np.arange(100))
    Slices(train=72, validation=82, calibration=91, n=100)
    """
    n = len(time_ms)
    ends = [TRAIN_SHARE, TRAIN_SHARE + VALIDATION_SHARE, (1 + TRAIN_SHARE + VALIDATION_SHARE) / 2]
    at = [int(np.searchsorted(time_ms, time_ms[min(round(n * end), n - 1)])) for end in ends]
    return Slices(at[0], at[1], at[2], n)


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
