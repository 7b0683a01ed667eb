"""What a user does within some time after each of its events."""

import numpy as np
from numpy.typing import NDArray


def sum_between(
    times: NDArray[np.int64],
    users: NDArray[np.uint64],
    at: NDArray[np.int64],
    of: NDArray[np.uint64],
    values: NDArray[np.float64],
    horizon: int,
) -> NDArray[np.float64]:
    """Sum ``values`` that lie at ``at`` and belong to user ``of`` in (time, time + horizon].

    ``times`` int64[n] and ``users`` uint64[n] ask; ``at`` int64[m], ``of`` uint64[m] and ``values``
    float64[m] are summed; returns float64[n].
    """
    if not len(at) or not len(times):
        return np.zeros(len(times))
    known, code = np.unique(of, return_inverse=True)
    place = np.searchsorted(known, users)
    here = (place < len(known)) & (known[np.minimum(place, len(known) - 1)] == users)
    first = min(int(at.min()), int(times.min()))
    span = max(int(at.max()), int(times.max())) - first + horizon + 1
    order = np.lexsort((at, code))
    keys = code[order] * span + (at[order] - first)  # one axis: users one after another
    total = np.r_[0.0, np.cumsum(values[order])]
    start = place * span + (times - first)
    begin, end = (np.searchsorted(keys, start + shift, side="right") for shift in (0, horizon))
    sums: NDArray[np.float64] = np.where(here, total[end] - total[begin], 0.0)
    return sums


def count_between(
    times: NDArray[np.int64],
    users: NDArray[np.uint64],
    at: NDArray[np.int64],
    of: NDArray[np.uint64],
    horizon: int,
) -> NDArray[np.float64]:
    """Count what `sum_between` sums, float64[n]."""
    return sum_between(times, users, at, of, np.ones(len(at)), horizon)
