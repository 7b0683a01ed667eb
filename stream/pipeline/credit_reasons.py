"""Why a credit score fell: what raises the probability that the user turns bad."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.credit import Credit
from stream.pipeline.features import POSITION
from stream.pipeline.policy import Policy
from stream.pipeline.reasons import raising
from stream.pipeline.scorer import Scorer
from topics.creditscale import credit_band
from topics.reasons import Reason
from topics.scores import ScoreInput, Scores
from topics.vocabulary import CREDIT_BANDS

POOR: Final = CREDIT_BANDS.index("D")
"""The best band of which a new user's record says why."""

_FRAUDS: Final = POSITION["user_frauds"]


def credit_reasons(
    x: ScoreInput, scores: Scores, credit: Credit, policy: Policy, scorer: Scorer
) -> dict[int, list[Reason]]:
    """Return the reasons of the published records that fell a band or are new and poor, by row.

    Other rows cost nothing: an explanation takes as long as a dozen scores. Where the model gives
    no probability and the user's labels stand in, they are the reason.
    """
    before = credit_band(credit.previous.astype(np.int32))
    fell = (credit.previous > 0) & (credit.band > before)
    poor = (credit.previous == 0) & (credit.band >= POOR)
    rows = np.flatnonzero(credit.published & (fell | poor))
    if not len(rows):
        return {}
    contributions = scorer.explain(x, rows, "bad")
    by_labels = np.isnan(scores.p_bad[rows])
    added = _log_odds(credit.p_bad[rows]) - _log_odds(np.float64(policy.prior_p_bad))
    contributions[by_labels, _FRAUDS] = added[by_labels]
    places = rows.tolist()
    reasons = raising(
        x.features[rows], contributions, scorer.usual, policy.language, scorer.fields,
        [x.fields_of(row) for row in places] if scorer.fields else (),
    )  # fmt: skip
    return dict(zip(places, reasons, strict=True))


def _log_odds(p: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    safe = np.clip(p, 1e-9, 1 - 1e-9)
    odds: NDArray[np.float64] = np.log(safe / (1 - safe))
    return odds
