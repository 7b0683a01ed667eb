"""Where next to no event can be judged: why, and the figures over those left out."""

from typing import Any, Final

from stream.judging.judged import Judged
from stream.judging.metrics import metrics_of

FEW: Final = 0.05
"""Share of the decided events that are warm, below which their figures say next to nothing."""


def hardly_warm(judged: Judged) -> bool:
    """Whether what is left out as cold is nearly all there is, or may hold all the fraud."""
    n_decided = len(judged) + judged.n_cold
    few = len(judged) < FEW * n_decided
    return judged.n_cold > 0 and (few or not (judged.label == 1).any())


def why_cold(n_cold: int, n_decided: int, span_days: float, warm_days: float) -> str:
    """Say why ``n_cold`` events are not judged, by the days that the history spans.

    >>> why_cold(541, 541, 12.0, 30.0)
    'the history is shorter than 30 days: all 541 events are of users not yet known for 30 days'
    >>> why_cold(500, 541, 32.0, 30.0)  # doctest: +ELLIPSIS
    'the time reported begins within the first 30 days of the history: 500 of 541 events are of ...'
    """
    short = span_days < warm_days
    reason = (
        f"the history is shorter than {warm_days:g} days"
        if short
        else f"the time reported begins within the first {warm_days:g} days of the history"
    )
    part = f"all {n_cold:,}" if n_cold == n_decided else f"{n_cold:,} of {n_decided:,}"
    return f"{reason}: {part} events are of users not yet known for {warm_days:g} days"


def cold_block(cold: Judged, why: str, *, unlabelled: str) -> dict[str, Any]:
    """Return the metrics over cold events, which are no part of any other figure, and ``why``."""
    return {"why": why} | metrics_of(cold, unlabelled=unlabelled, dropped_known=None)
