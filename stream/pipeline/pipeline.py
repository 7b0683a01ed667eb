"""One batch of events and their users' states in; decisions and new states out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.aggregates import AT_IS_LATE, AT_IS_WARM
from stream.pipeline.credit import Credit, assess
from stream.pipeline.credit_reasons import credit_reasons
from stream.pipeline.observe import Seen, observe
from stream.pipeline.policy import Policy
from stream.pipeline.reasons import explain_row
from stream.pipeline.scorer import Scorer
from stream.pipeline.users import Steps, UserResult
from topics.columns import EventBatch, Rows
from topics.reasons import Reason
from topics.scores import ScoreInput, Scores
from topics.vocabulary import ALLOW


@dataclass(frozen=True, eq=False)
class Decided:
    """What the pipeline says of ``n`` events, in the order of the batch.

    ``duplicate`` bool[n] marks events whose id the user's state had seen; nothing is published of
    them. ``risk`` float64[n], ``action`` uint8[n], ``fired`` bool[n, n_rules]. ``reasons`` has
    the reasons of each event on which somebody must act, by row; ``credit_reasons`` those of each
    credit record that goes out because it fell a band or is new and poor. ``users`` holds the new
    states.
    """

    features: NDArray[np.float32]
    scores: Scores
    risk: NDArray[np.float64]
    action: NDArray[np.uint8]
    fired: NDArray[np.bool_]
    reasons: dict[int, list[Reason]]
    credit: Credit
    credit_reasons: dict[int, list[Reason]]
    warm: NDArray[np.bool_]
    late: NDArray[np.bool_]
    duplicate: NDArray[np.bool_]
    users: UserResult


def decide(
    batch: EventBatch,
    steps: Steps,
    states: list[bytes | None],
    ask: Callable[[UserResult], NDArray[np.float64]],
    *,
    policy: Policy,
    scorer: Scorer,
    zone_ms: int = 0,
    labels: Rows | None = None,
    shared: NDArray[np.float32] | None = None,
) -> Decided:
    """Run a batch through features, scores and policy.

    The arguments are those of `observe`; the past is left out where the scorer does not want it.
    """
    seen = observe(
        batch, steps, states, ask,
        zone_ms=zone_ms, labels=labels, shared=shared, want_past=scorer.wants_past,
    )  # fmt: skip
    return judge(seen, policy, scorer)


def judge(seen: Seen, policy: Policy, scorer: Scorer) -> Decided:
    """Score what was seen and decide; what credit remembers goes into the states' headers."""
    batch, users = seen.batch, seen.users
    x = ScoreInput.of(batch, seen.features, users.past, users.n_past)
    scores = scorer.score(x)
    verdict = verdict_of(x, scores, users.duplicate, policy, scorer)
    credit = assess(seen.known, scores, policy, seen.steps, users)
    return Decided(
        seen.features,
        scores,
        verdict.risk,
        verdict.action,
        verdict.fired,
        verdict.reasons,
        credit,
        credit_reasons(x, scores, credit, policy, scorer),
        seen.known.aggregates[AT_IS_WARM].astype(np.bool_),
        seen.known.aggregates[AT_IS_LATE].astype(np.bool_),
        users.duplicate,
        users,
    )


@dataclass(frozen=True, eq=False)
class Verdict:
    """What scores and policy make of ``n`` events; the members are those of `Decided`."""

    risk: NDArray[np.float64]
    action: NDArray[np.uint8]
    fired: NDArray[np.bool_]
    reasons: dict[int, list[Reason]]


def verdict_of(
    x: ScoreInput, scores: Scores, duplicate: NDArray[np.bool_], policy: Policy, scorer: Scorer
) -> Verdict:
    """Return what the policy makes of scores, with reasons where somebody must act."""
    types = x.rows["type"]
    fired = policy.fired(
        types,
        x.features,
        {"p_fraud": scores.p_fraud, "anomaly": scores.anomaly, "p_bad": scores.p_bad},
    )
    risk = combined_risk(scores.p_fraud, scores.anomaly, fired, policy)
    action = policy.actions(types, risk)
    alerting = np.flatnonzero((action > ALLOW) & ~duplicate)
    reasons: dict[int, list[Reason]] = {}
    if len(alerting):
        contributions = scorer.explain(x, alerting)
        for row, contribution in zip(alerting.tolist(), contributions, strict=True):
            reasons[row] = explain_row(
                x.features[row], contribution, scorer.usual, fired[row], policy,
                scorer.fields, x.fields_of(row),
            )  # fmt: skip
    return Verdict(risk, action, fired, reasons)


def combined_risk(
    p_fraud: NDArray[np.float64],
    anomaly: NDArray[np.float64],
    fired: NDArray[np.bool_],
    policy: Policy,
) -> NDArray[np.float64]:
    """Return the risk of each event, float64[n]: its probability, or more where a rule says so.

    Where no probability is known, what is stranger ranks higher, by the policy's ``anomaly_risk``.
    """
    cold = policy.anomaly_risk * np.nan_to_num(anomaly, nan=0.0)
    risk = np.where(np.isnan(p_fraud), cold, p_fraud)
    for r, rule in enumerate(policy.rules):
        risk = np.where(fired[:, r], np.maximum(risk, rule.risk), risk)
    return risk
