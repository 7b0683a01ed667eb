"""Do the reasons of alerts name what raised their risk? Measured by taking it away.

To neutralise a feature is to set it to what is usual, the median of the model's training. The risk
is computed again from there: model, rules and all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.rows import take
from model.scorer import ModelScorer
from stream.pipeline.features import N_FEATURES, POSITION
from stream.pipeline.pipeline import Decided, combined_risk
from stream.pipeline.policy import Policy
from stream.replay.apart import Span, observed
from stream.replay.badrecords import BadRecords
from stream.replay.filehistory import FileHistory
from stream.replay.history import Slice
from stream.replay.later import Later
from stream.replay.observer import ReplaySettings
from stream.replay.replay import Judge
from topics.eventwords import COLUMN, STEP
from topics.reasons import Reason
from topics.scores import ScoreInput
from topics.vocabulary import ALLOW, EVENT_TYPES

N_DEVIATING = 4


@dataclass(frozen=True, eq=False)
class Alerted:
    """The ``n`` alerts of a span of time.

    ``reasons`` are those that were given, ``action`` uint8[n] what was done; ``mean`` and ``std``
    float64[T, F] are of all events of a type that were decided in that time.
    """

    x: ScoreInput
    reasons: list[list[Reason]]
    action: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def alerted(
    history: FileHistory, from_ms: int, to_ms: int, policy: Policy, scorer: ModelScorer
) -> Alerted:
    """Replay a history and keep the alerts from ``from_ms`` up to ``to_ms``."""
    later = Later(scorer)
    judge = Judge(policy, later)
    sums = np.zeros((3, len(EVENT_TYPES), N_FEATURES))
    kept, reasons = [], []
    span = Span(from_ms, to_ms, ReplaySettings())
    bad = BadRecords(refuse_in=[history.label_path, history.events])
    for part, seen in later.watch(observed(history, span, bad), from_ms):
        decided = judge.judge(part, seen)
        rows = part.events.rows
        inside = (rows["time_ms"] >= from_ms) & ~decided.duplicate
        _add(sums, rows["type"][inside], decided.features[inside])
        at = np.flatnonzero(inside & (decided.action > ALLOW))
        if len(at):
            kept.append((take(_whole(part, decided), at), decided.action[at]))
            reasons += [decided.reasons.get(i, []) for i in at.tolist()]
    if not kept:
        raise RuntimeError("no alert between these times")
    n, total, squares = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        std = np.sqrt(np.maximum(squares / n - mean**2, 0))
    return Alerted(_joined([x for x, _ in kept]), reasons, np.concatenate([a for _, a in kept]),
                   mean, std)  # fmt: skip


def _whole(part: Slice, decided: Decided) -> ScoreInput:
    users, events = decided.users, part.events
    return ScoreInput(
        events.rows, decided.features, users.past, users.n_past, events.texts, events.attributes
    )


def _joined(parts: list[ScoreInput]) -> ScoreInput:
    return ScoreInput(
        np.concatenate([x.rows for x in parts]),
        np.concatenate([x.features for x in parts]),
        np.concatenate([x.past for x in parts]),
        np.concatenate([x.n_past for x in parts]),
        [text for x in parts for text in x.texts],
        [found for x in parts for found in x.attributes or ()],
    )


def _add(sums: np.ndarray, types: np.ndarray, features: np.ndarray) -> None:
    for kind in range(len(EVENT_TYPES)):
        values = features[types == kind].astype(np.float64)
        known = ~np.isnan(values)
        values[~known] = 0
        sums[:, kind] += known.sum(0), values.sum(0), (values**2).sum(0)


def named_features(reasons: list[list[Reason]]) -> np.ndarray:
    """Return which features the reasons name, bool[n, F]."""
    named = np.zeros((len(reasons), N_FEATURES), bool)
    for row, several in enumerate(reasons):
        named[row, [POSITION[r.feature] for r in several if r.feature in POSITION]] = True
    return named


def with_usual_fields(
    x: ScoreInput, reasons: list[list[Reason]], scorer: ModelScorer
) -> ScoreInput:
    """Return the events with the fields that the reasons name at what is usual."""
    usual = {field.feature: field for field in scorer.fields}
    found, rows = [], x.rows.copy()
    for row, several in enumerate(reasons):
        given = dict((x.attributes[row] if x.attributes else None) or {})
        for field in (usual[r.feature] for r in several if r.feature in usual):
            if field.of_event:
                code = field.tokens[field.values.index(field.usual)]
                rows[COLUMN[field.name]][row] = code - (field.name == STEP)
            else:
                given[field.name] = None if field.kind == "given" else field.usual
        found.append(given)
    return replace(x, rows=rows, attributes=found)


def deviating(alerts: Alerted) -> np.ndarray:
    """Return which four known features lie most standard deviations from the mean, bool[n, F]."""
    kind = alerts.x.rows["type"]
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(alerts.x.features - alerts.mean[kind]) / alerts.std[kind]
    z[~np.isfinite(z)] = -1
    most = np.zeros(z.shape, bool)
    np.put_along_axis(most, np.argsort(-z, axis=1, kind="stable")[:, :N_DEVIATING], True, axis=1)
    return most & (z >= 0)


def risk_of(
    x: ScoreInput, neutral: np.ndarray, policy: Policy, scorer: ModelScorer, *, rules: bool = True
) -> np.ndarray:
    """Return the risk float64[n] with the features of bool[n, F] at what is usual.

    Without ``rules`` it is the model's probability alone.
    """
    features = np.where(neutral, scorer.usual, x.features)
    other = replace(x, features=features)
    scores = scorer.score_fully(other)
    if not rules:
        return scores.p_fraud
    by_name = {"p_fraud": scores.p_fraud, "anomaly": scores.anomaly, "p_bad": scores.p_bad}
    fired = policy.fired(x.rows["type"], features, by_name)
    return combined_risk(scores.p_fraud, scores.anomaly, fired, policy)


@dataclass(frozen=True)
class Share:
    """Of ``n`` alerts, how many fall further by their reasons than by what deviates most."""

    what: str
    n: int
    n_further: int
    n_even: int

    def __str__(self) -> str:
        share = f"{self.n_further / self.n:.1%}" if self.n else "none"
        return f"{self.what:<44}{self.n:>7,}{share:>9}{self.n_even:>7,}"


def shares(alerts: Alerted, policy: Policy, scorer: ModelScorer) -> Iterator[Share]:
    """Yield the shares: of all alerts, and of those that a rule alone, or the model, caused."""
    none = np.zeros(alerts.x.features.shape, bool)
    calm = with_usual_fields(alerts.x, alerts.reasons, scorer)
    chosen = (calm, named_features(alerts.reasons)), (alerts.x, deviating(alerts))
    risk, named, most = (risk_of(x, m, policy, scorer) for x, m in ((alerts.x, none), *chosen))
    p = risk_of(alerts.x, none, policy, scorer, rules=False)
    by_rule = (policy.actions(alerts.x.rows["type"], p) == ALLOW) & (risk > p)
    for what, rows in (("all alerts", by_rule | True), ("the model alone alerts", ~by_rule),
                       ("only a rule alerts", by_rule)):  # fmt: skip
        yield Share(what, int(rows.sum()), int((named < most)[rows].sum()),
                    int((named == most)[rows].sum()))  # fmt: skip
    p_named, p_most = (risk_of(x, m, policy, scorer, rules=False) for x, m in chosen)
    yield Share("all alerts, the model's probability alone", len(p),
                int((p_named < p_most).sum()), int((p_named == p_most).sum()))  # fmt: skip
