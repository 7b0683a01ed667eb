"""The credit record of a user after each event, and whether it has moved enough to publish."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.compiled import kernel
from stream.pipeline.feature import Known
from stream.pipeline.layout import AT_BAND, AT_CREDIT, AT_P_BAD
from stream.pipeline.packing import get_bytes, put_bytes
from stream.pipeline.policy import Policy
from stream.pipeline.users import Steps, UserResult
from topics.creditscale import credit_band, credit_score
from topics.scores import Scores

DAYS_PER_MONTH = 30.0
MS_PER_DAY = 86_400_000.0
WHOLE = 1 << 32
"""A state remembers a probability in parts of this; 0: none yet."""


@dataclass(frozen=True, eq=False)
class Credit:
    """Credit after each of ``n`` events.

    ``p_bad`` float64[n], remembered over the user's events, ``score`` int32[n], ``band`` uint8[n],
    ``spend`` float64[n], expected over 30 days; ``published`` bool[n] marks the records that go
    out, ``previous`` int64[n] is the score published before (0: none).
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

    The model judges a user by one event at a time; a credit score is what its judgements say
    together, each weighing ``policy.credit_weight`` and what came before it the rest. (A mean of
    calibrated probabilities is one itself, and predicts better than the newest alone.) Where the
    model gives no probability what is remembered stands, or the user's labels where nothing is;
    where it gives no spend, past spend. Duplicates (as ``users.duplicate`` says) publish nothing.
    """
    p_bad = labels_p_bad(known, policy)
    _remember(
        steps.starts, steps.kinds, steps.rows, users.duplicate, scores.p_bad,
        policy.credit_weight, users.packed, users.ends, p_bad,
    )  # fmt: skip
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
def _remember(  # type: ignore[no-untyped-def]
    starts, kinds, rows, duplicate, judged, weight, packed: Any, ends, p_bad
) -> None:
    """Put what is remembered of each user after each event into ``p_bad`` and into the states."""
    for user in range(len(starts) - 1):
        at = ends[user] + AT_P_BAD
        parts, _ = get_bytes(packed, at, 4)
        for step in range(starts[user], starts[user + 1]):
            row = rows[step]
            if kinds[step] != 0:
                continue
            p = judged[row]
            if not (np.isnan(p) or duplicate[row]):
                if parts:
                    p = parts / WHOLE + weight * (p - parts / WHOLE)
                parts = min(max(np.int64(round(p * WHOLE)), 1), WHOLE - 1)
            if parts:
                p_bad[row] = parts / WHOLE
        put_bytes(packed, at, parts, 4)


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
