"""A user's panes as one fixed row, and the compiled loop that counts a batch into the rows."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tests.bench.peers.job import WINDOWS

SLOTS = tuple(width // pane for width, pane in WINDOWS)
STATE = np.dtype(
    [
        ("n", "<i8"),
        ("cents", "<i8"),
        ("newest", "<i8", (2,)),
        ("hour_n", "<u4", (SLOTS[0],)),
        ("day_n", "<u4", (SLOTS[1],)),
        ("hour_cents", "<i8", (SLOTS[0],)),
        ("day_cents", "<i8", (SLOTS[1],)),
    ]
)
"""``newest``: number of the newest pane of each window; pane p is in slot p modulo the slots."""

BLANK = np.zeros(1, STATE).tobytes()
HOUR_PANE_MS, DAY_PANE_MS = (pane for _, pane in WINDOWS)


def count(
    rows: NDArray[np.void],
    slots: NDArray[np.int64],
    times_ms: NDArray[np.int64],
    cents: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count events int64[n] in their order into ``rows`` STATE[n_users], at row ``slots[i]``.

    Returns counts and cents int64[n, 3] after each event: of an hour, of a day, and of all.
    """
    counts, sums = np.empty((len(slots), 3), np.int64), np.empty((len(slots), 3), np.int64)
    _count(rows, slots, times_ms, cents, counts, sums)
    return counts, sums


@njit(cache=True, nogil=True)
def _count(
    rows: Any, slots: Any, times_ms: Any, cents: Any, counts: Any, sums: Any
) -> None:  # pragma: no cover - compiled
    for i in range(len(slots)):
        row, time, amount = rows[slots[i]], times_ms[i], cents[i]
        row.n += 1
        row.cents += amount
        counts[i, 0], sums[i, 0] = _window(
            row.newest, 0, row.hour_n, row.hour_cents, time // HOUR_PANE_MS, amount
        )
        counts[i, 1], sums[i, 1] = _window(
            row.newest, 1, row.day_n, row.day_cents, time // DAY_PANE_MS, amount
        )
        counts[i, 2], sums[i, 2] = row.n, row.cents


@njit(cache=True, nogil=True)
def _window(newest: Any, which: int, n: Any, cents: Any, pane: int, amount: int) -> Any:
    """Add an event to its pane and return the totals of the window that ends with it.

    As many panes as there are slots start in (t - width, t], whatever t is: the newest is t's own.
    """
    size = len(n)
    for gone in range(max(newest[which] + 1, pane - size + 1), pane + 1):
        n[gone % size] = 0
        cents[gone % size] = 0
    newest[which] = max(newest[which], pane)
    if pane > newest[which] - size:
        n[pane % size] += 1
        cents[pane % size] += amount
    total_n, total_cents = 0, 0
    for p in range(max(newest[which] - size, pane - size) + 1, pane + 1):
        total_n += n[p % size]
        total_cents += cents[p % size]
    return total_n, total_cents
