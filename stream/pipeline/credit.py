"""The credit record of a user after each event, and whether it has moved enough to publish."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.compiled import kernel
from stream.pipeline.feature import Known
from stream.pipeline.layout import AT_BAND, AT_CREDIT
from stream.pipeline.policy import Policy
from stream.pipeline.users import Steps, UserResult
from topics.creditscale import credit_band, credit_score
from topics.scores import Scores

DAYS_PER_MONTH = 30.0
MS_PER_DAY = 86_400_000.0


@dataclass(frozen=True, eq=False)
class Credit:
    """Credit after each of ``n`` events.

    ``p_bad`` float64[n], ``score`` int32[n], ``band`` uint8[n], ``spend`` float64[n], expected
    over 30 days; ``published`` bool[n] marks the records that go out, ``previous`` int64[n] is
    the score published before (0: none).
    """

    p_bad: NDArray[np.float64]
    score: NDArray[np.int32]
    band: NDArray[np.uint8]
    spend: NDArray[np.float64]
    published: NDArray[np.bool_]
    previous: NDArray[np.int64]


def labels_p_bad(known: Known, policy: Policy) -> NDArray[np.float64]:
    """Return the probability of turning bad by the user's own labels alone, float64[n].

    The mean of a beta distribution with the policy's prior: (frauds + p * k) / (labels + k).
    """
    frauds = known.own("visible_fraud_labels")
    labels = known.own("visible_labels")
    strength = policy.prior_strength
    shares: NDArray[np.float64] = (frauds + policy.prior_p_bad * strength) / (labels + strength)
    return shares


def past_spend(known: Known) -> NDArray[np.float64]:
    """Return spend per 30 days so far, float64[n]; the first 30 days count as a whole month."""
    months = np.fmax(known.own("since_first_seen_ms") / MS_PER_DAY / DAYS_PER_MONTH, 1.0)
    spend: NDArray[np.float64] = known.own("amount_sum") / months
    return spend


def assess(known: Known, scores: Scores, policy: Policy, steps: Steps, users: UserResult) -> Credit:
    """Compute the credit of each event and note what is published in the packed states.

    Where the model gives no probability or spend, the user's labels and past spend stand in.
    Duplicates (as ``users.duplicate`` says) publish nothing.
    """
    p_bad = np.where(np.isnan(scores.p_bad), labels_p_bad(known, policy), scores.p_bad)
    spend = np.where(np.isnan(scores.spend), past_spend(known), scores.spend)
    score = credit_score(p_bad)
    band = credit_band(score)
    published = np.zeros(len(p_bad), np.bool_)
    previous = np.zeros(len(p_bad), np.int64)
    _publish(
        steps.starts, steps.kinds, steps.rows, users.duplicate, score, band, policy.credit_step,
        users.packed, users.ends, published, previous,
    )  # fmt: skip
    return Credit(p_bad, score, band, spend, published, previous)


@kernel
def _publish(  # type: ignore[no-untyped-def]
    starts, kinds, rows, duplicate, score, band, step_points, packed: Any, ends, published, previous
) -> None:
    for user in range(len(starts) - 1):
        at = ends[user]
        last = np.int64(packed[at + AT_CREDIT]) | np.int64(packed[at + AT_CREDIT + 1]) << 8
        last_band = np.int64(packed[at + AT_BAND])
        for step in range(starts[user], starts[user + 1]):
            row = rows[step]
            if kinds[step] != 0 or duplicate[row]:
                continue
            previous[row] = last
            moved = abs(score[row] - last) >= step_points or band[row] != last_band
            if last == 0 or moved:
                published[row] = True
                last = np.int64(score[row])
                last_band = np.int64(band[row])
        packed[at + AT_CREDIT] = last & 255
        packed[at + AT_CREDIT + 1] = last >> 8
        packed[at + AT_BAND] = last_band
