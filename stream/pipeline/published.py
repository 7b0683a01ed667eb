"""What is published of a decided batch: decisions, alerts and credit records, as columns."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.features import FEATURE_VERSION, POSITION
from stream.pipeline.pipeline import Decided
from stream.pipeline.policy import Policy
from stream.pipeline.scorer import Scorer
from topics.alerts import Alerts
from topics.columns import EventBatch
from topics.credits import Credits
from topics.decisionrecord import Versions
from topics.decisions import Decisions
from topics.reasons import Link
from topics.vocabulary import ALLOW, ENTITY_KINDS

SEVERITY: Final = ("none", "low", "medium", "high", "critical")
"""How grave an alert is, by the code of its action."""

DEFAULT_ABUSE: Final = ("fraud", "account_takeover", "fake_review")
"""What is suspected where no rule says so, by event type."""

SHARED_BY: Final = {
    kind: POSITION[f"{kind}_other_users_{'1d' if kind == 'ip' else '30d'}"] for kind in ENTITY_KINDS
}


def versions_of(policy: Policy, scorer: Scorer) -> Versions:
    """Return what decisions under this policy and model are marked with."""
    return Versions(scorer.name, scorer.version, FEATURE_VERSION, policy.version)


def decisions_of(
    batch: EventBatch,
    decided: Decided,
    at: NDArray[np.int64],
    versions: Versions,
    revision: int = 0,
) -> Decisions:
    """Return the decisions of the events at the positions ``at``; see `Decisions`."""
    picks = at.tolist()
    return Decisions(
        [batch.event_ids[i] for i in picks],
        [batch.user_ids[i] for i in picks],
        batch.rows["type"][at],
        batch.rows["time_ms"][at],
        decided.scores.p_fraud[at],
        decided.scores.anomaly[at],
        decided.risk[at],
        decided.action[at],
        [decided.reasons.get(i, ()) for i in picks],
        decided.credit.score[at].astype(np.int64),
        decided.credit.spend[at],
        decided.features[at],
        decided.scores.degraded[at],
        decided.warm[at],
        decided.late[at],
        np.full(len(at), revision, np.int64),
        versions,
    )


def alerting(decided: Decided) -> NDArray[np.int64]:
    """Return the rows of the events that somebody must act on."""
    return np.flatnonzero((decided.action > ALLOW) & ~decided.duplicate)


def alerts_of(
    batch: EventBatch,
    decided: Decided,
    policy: Policy,
    versions: Versions,
    told: Callable[[int], Mapping[str, Any]],
    revision: int = 0,
) -> Alerts | None:
    """Return the decisions that somebody must act on, None where there are none.

    ``told`` gives, by row, what an alert tells of its event.
    """
    at = alerting(decided)
    if not len(at):
        return None
    rules = [[policy.rules[r] for r in np.flatnonzero(decided.fired[i])] for i in at.tolist()]
    types = batch.rows["type"][at].tolist()
    return Alerts(
        decisions_of(batch, decided, at, versions, revision),
        [
            fired[0].abuse_type if fired else DEFAULT_ABUSE[kind]
            for fired, kind in zip(rules, types, strict=True)
        ],
        [SEVERITY[a] for a in decided.action[at].tolist()],
        [[rule.name for rule in fired] for fired in rules],
        [_links(batch, decided, i) for i in at.tolist()],
        [told(i) for i in at.tolist()],
    )


def credits_of(batch: EventBatch, decided: Decided, versions: Versions) -> Credits | None:
    """Return the credit records that go out, None where there are none."""
    credit = decided.credit
    at = np.flatnonzero(credit.published)
    if not len(at):
        return None
    picks = at.tolist()
    return Credits(
        [batch.user_ids[i] for i in picks],
        [batch.event_ids[i] for i in picks],
        credit.score[at].astype(np.int64),
        credit.band[at],
        credit.previous[at],
        credit.p_bad[at],
        credit.spend[at],
        [decided.credit_reasons.get(i, ()) for i in picks],
        versions,
    )


def _links(batch: EventBatch, decided: Decided, row: int) -> list[Link]:
    """Return the entities of an event that other users were seen with as well."""
    links = []
    for kind, at in SHARED_BY.items():
        others = decided.features[row, at]
        if others >= 1:
            token = int(batch.rows[kind][row])
            links.append(Link(kind, f"{token:016x}", int(others) + 1))
    return links
