"""A backtest: history through the worker's pipeline, every decision written and judged."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from stream.judging.cold import hardly_warm
from stream.judging.judged import Judged
from stream.pipeline.aggregates import WARM_MS
from stream.pipeline.pipeline import Decided
from stream.pipeline.policy import Policy
from stream.pipeline.published import decisions_of, versions_of
from stream.pipeline.scorer import Scorer
from stream.replay.ahead import ahead
from stream.replay.apart import HistoryOf, Span, observed, observed_apart
from stream.replay.badrecords import BadRecords
from stream.replay.decisionfile import DecisionFile
from stream.replay.examples import Examples
from stream.replay.filehistory import History
from stream.replay.history import Slice
from stream.replay.later import Later
from stream.replay.moved import Moved
from stream.replay.observer import ReplaySettings
from stream.replay.outcomes import Collector
from stream.replay.replay import Judge
from stream.replay.segments import Segments
from stream.replay.spool import Spool
from stream.replay.truth import Truth
from topics.errors import InputError

DECISIONS: Final = "decisions.parquet"
METRICS: Final = "metrics.json"


@dataclass(frozen=True, kw_only=True)
class BacktestPlan:
    """What to replay and what to report: the events from ``from_ms`` up to ``to_ms``.

    ``unlabelled`` and ``drop_known_days`` as for `Collector`; ``by`` names columns to report by; a
    user counts as known bad for bad events from ``known_from_ms`` on.
    """

    from_ms: int
    to_ms: int
    out: Path
    unlabelled: str = "negative"
    drop_known_days: float | None = None
    known_from_ms: int = 0
    by: tuple[str, ...] = ()
    replay: ReplaySettings = field(default_factory=ReplaySettings)


@dataclass(frozen=True, eq=False)
class Backtested:
    """What came of a backtest; ``n_history`` events only warmed the states.

    ``cold`` are the events that are not judged since their users' history is not covered, where
    hardly any others are left, else None; ``span_ms`` is from the first event to the last.
    """

    outcomes: Judged
    cold: Judged | None
    span_ms: int
    n_history: int
    n_reported: int
    n_duplicates: int
    n_dropped: int
    bad: BadRecords
    examples: Examples
    moved: Moved


def run_backtest(
    plan: BacktestPlan,
    source: History,
    policy: Policy,
    scorer: Scorer,
    advance: Callable[[float], None] = lambda n: None,
    *,
    apart: HistoryOf | None = None,
) -> Backtested:
    """Replay the history, write ``decisions.parquet`` in ``plan.out``, and judge by the labels.

    The same history gives the same bytes, whatever the order of its records. A decision is warm
    where its user's state is, or where the history covers all windows. ``advance`` is told how
    many events went through. With ``apart``, which opens ``source`` again, a second process reads
    it and computes the features; the results are the same. Raises InputError where no event lies
    between the times.
    """
    bad = BadRecords()
    with Spool(plan.out) as spool:
        truth = Truth.of(source.labels(), spool, bad_from_ms=plan.known_from_ms)
    examples, moved = Examples(), Moved()
    later = Later(scorer)
    judge = Judge(policy, later)
    versions = versions_of(policy, scorer)
    span = Span(plan.from_ms, plan.to_ms, plan.replay, plan.by)
    parts = ahead(
        observed_apart(apart, span, bad) if apart is not None else observed(source, span, bad)
    )
    decisions = ((part, judge.judge(part, seen)) for part, seen in later.watch(parts, plan.from_ms))
    n_history = n_reported = n_duplicates = 0
    seen_ms = np.zeros(0, np.int64)
    with DecisionFile(plan.out / DECISIONS) as file, Spool(plan.out) as spool:
        collector = Collector(
            truth, plan.unlabelled, plan.drop_known_days, Segments(plan.by, spool), spool
        )
        for part, decided in _warmed(decisions):
            inside = part.events.rows["time_ms"] >= plan.from_ms
            seen_ms = np.append(seen_ms, part.events.rows["time_ms"])
            seen_ms = np.array([seen_ms.min(), seen_ms.max()]) if len(seen_ms) else seen_ms
            at = np.flatnonzero(inside & ~decided.duplicate)
            seen = np.flatnonzero(decided.warm & ~decided.duplicate)
            moved.add(decided.features[seen], inside[seen], part.events.rows["event"][seen])
            n_history += int((~inside).sum())
            n_duplicates += int((inside & decided.duplicate).sum())
            n_reported += len(at)
            if len(at):
                file.write(decisions_of(part.events, decided, at, versions))
                examples.add(part, decided, *collector.add(part, decided, at))
            advance(len(part.events))
        if not n_reported:
            raise InputError(nothing_between(source, bad, n_history))
        outcomes = collector.judged()
        cold = collector.cold() if hardly_warm(outcomes) else None
    return Backtested(
        outcomes, cold, int(np.ptp(seen_ms)), n_history, n_reported, n_duplicates,
        collector.n_dropped, bad, examples, moved,
    )  # fmt: skip


def nothing_between(source: History, bad: BadRecords, n_before: int) -> str:
    """Say why there is nothing to report."""
    if not n_before and bad.n:
        return f"{source.name}: none of {bad.n:,} records can be read; the first: {bad.first}"
    if not n_before:
        return f"{source.name} holds no event before --to; name events, or choose other times"
    return f"{source.name} holds no event between --from and --to; {n_before:,} are earlier"


def _warmed(parts: Iterable[tuple[Slice, Decided]]) -> Iterator[tuple[Slice, Decided]]:
    """Mark as warm what the history covers with all its windows."""
    covered_ms: int | None = None
    for part, decided in parts:
        times = part.events.rows["time_ms"]
        if covered_ms is None and len(times):
            covered_ms = int(times.min()) + WARM_MS
        warm = decided.warm if covered_ms is None else decided.warm | (times >= covered_ms)
        yield part, replace(decided, warm=warm)
