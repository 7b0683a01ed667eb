"""A replay of what the worker did: its order and its shared values, everything else anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.features import N_FEATURES
from stream.pipeline.pipeline import Decided
from stream.pipeline.policy import Policy
from stream.pipeline.published import decisions_of, versions_of
from stream.pipeline.scorer import NoScorer, Scorer
from stream.replay.backtest import DECISIONS, BacktestPlan, nothing_between
from stream.replay.badrecords import BadRecords
from stream.replay.decisionfile import DecisionFile
from stream.replay.history import Slice
from stream.replay.logged import Logged
from stream.replay.replay import Replay
from stream.replay.topichistory import TopicHistory
from topics.errors import InputError
from topics.outputtable import IDEAL


@dataclass(frozen=True)
class AsLogged:
    """How many events were replayed, and how many of these have no logged decision."""

    n_reported: int
    n_unlogged: int
    bad: BadRecords


def replay_as_logged(
    plan: BacktestPlan, source: TopicHistory, logged: Logged, policy: Policy, scorer: Scorer
) -> AsLogged:
    """Write ``decisions.parquet`` and ``ideal.parquet`` in ``plan.out``; nothing is judged.

    The first takes the order of each user's events and the shared values from the log; own
    features, scores and actions are computed, so that they must equal the log's. The second counts
    links and labels in the order in which Kafka got their events, as if every worker had known each
    at once; only its features mean anything. Raises InputError where no event lies in the range.
    """
    bad = BadRecords()
    n_unlogged = n_reported = 0
    as_logged = Replay(policy, scorer, plan.replay, shared=logged.shared_of)
    slices = source.in_order(logged.turn_of, plan.to_ms, bad)
    for part, at in _written(plan, as_logged.run(slices), plan.out / DECISIONS, policy, scorer):
        n_reported += len(at)
        n_unlogged += int((logged.place(part.events.rows["event"][at]) < 0).sum())
    if not n_reported:
        raise InputError(nothing_between(source, bad, 0))
    nobody = NoScorer(N_FEATURES)
    ideal = Replay(policy, nobody, plan.replay)
    slices = source.as_arrived(plan.to_ms, BadRecords())
    for _ in _written(plan, ideal.run(slices), plan.out / IDEAL, policy, nobody):
        pass
    return AsLogged(n_reported, n_unlogged, bad)


def _written(
    plan: BacktestPlan,
    decided: Iterator[tuple[Slice, Decided]],
    path: Path,
    policy: Policy,
    scorer: Scorer,
) -> Iterator[tuple[Slice, NDArray[np.int64]]]:
    """Write the reported events and yield where they stand."""
    versions = versions_of(policy, scorer)
    with DecisionFile(path) as file:
        for part, made in decided:
            inside = part.events.rows["time_ms"] >= plan.from_ms
            at = np.flatnonzero(inside & ~made.duplicate)
            if len(at):
                file.write(decisions_of(part.events, made, at, versions))
            yield part, at
