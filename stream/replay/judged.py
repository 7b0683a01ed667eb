"""The outcomes of a backtest as what the metrics read."""

import numpy as np

from stream.judging.judged import Judged
from stream.replay.outcomes import Outcomes
from topics.vocabulary import LABEL_KINDS


def judged_of(outcomes: Outcomes, scenarios: tuple[str, ...]) -> Judged:
    """Return the events as judged by the model's probability, by the risk where it gives none."""
    known = np.isfinite(outcomes.p_fraud)
    return Judged(
        time_ms=outcomes.time_ms,
        user=outcomes.user,
        type=outcomes.type,
        score=np.where(known, outcomes.p_fraud, outcomes.risk),
        p=outcomes.p_fraud,
        risk=outcomes.risk,
        action=outcomes.action,
        label=outcomes.label,
        kind=outcomes.kind,
        scenario=outcomes.scenario,
        amount=outcomes.amount,
        warm=outcomes.warm,
        kinds=tuple(LABEL_KINDS),
        scenarios=scenarios,
    )
