"""Event-time panes and windows.

A window ``W`` at event time ``t`` sums the panes whose start lies in ``(t - W, t]``. Panes exist in
three widths; only panes that hold something are kept.
"""

from typing import Final

from stream.pipeline.compiled import kernel

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

LATENESS_MS: Final = HOUR_MS
"""How far an event may be behind its user's newest event before it counts as late."""

PANE_MS: Final = (10 * MINUTE_MS, HOUR_MS, DAY_MS)
KEPT_MS: Final = (HOUR_MS, DAY_MS, 30 * DAY_MS)
"""The longest window that each width of pane serves."""

WINDOWS: Final = ("1h", "1d", "7d", "30d")
WINDOW_MS: Final = (HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
WINDOW_LEVEL: Final = (0, 1, 2, 2)
"""Which width of pane serves each window."""

N_LEVELS: Final = 3
MAX_PANES: Final = 36
"""Enough for thirty days in days plus the lateness, which needs the most."""


@kernel
def is_kept(pane: int, level: int, newest_ms: int) -> bool:
    """Whether a pane is still needed by an event that may be as late as the bound allows."""
    return pane * PANE_MS[level] > newest_ms - KEPT_MS[level] - LATENESS_MS


@kernel
def in_window(pane: int, level: int, time_ms: int, window_ms: int) -> bool:
    """Whether the pane's start lies in ``(time - window, time]``."""
    start = pane * PANE_MS[level]
    return time_ms - window_ms < start <= time_ms
