"""Credit records say why they fell also where the user's labels stand in for a model."""

import numpy as np

from stream.loading import load_policy
from stream.pipeline.credit import Credit
from stream.pipeline.credit_reasons import credit_reasons
from stream.pipeline.features import N_FEATURES, POSITION
from stream.pipeline.scorer import NoScorer
from topics.columns import EVENT, PAST
from topics.reasons import Reason
from topics.scores import ScoreInput

POLICY = load_policy(None)


def reasons_of(
    previous: list[int], score: list[int], band: list[int], published: list[bool]
) -> dict[int, list[Reason]]:
    n = len(score)
    features = np.zeros((n, N_FEATURES), np.float32)
    features[:, POSITION["user_frauds"]] = 2
    x = ScoreInput(
        np.zeros(n, EVENT), features, np.zeros((n, 0), PAST), np.zeros(n, np.uint8), [None] * n
    )
    scorer = NoScorer(N_FEATURES)
    credit = Credit(
        np.full(n, 0.11), np.array(score, np.int32), np.array(band, np.uint8), np.zeros(n),
        np.array(published), np.array(previous),
    )  # fmt: skip
    return credit_reasons(x, scorer.score(x), credit, POLICY, scorer)


def test_without_a_model_the_known_frauds_of_the_user_are_why() -> None:
    ((row, (reason,)),) = reasons_of([640], [540], [4], [True]).items()
    assert (row, reason.feature, reason.value) == (0, "user_frauds", 2.0)
    odds = np.log([0.11 / 0.89, POLICY.prior_p_bad / (1 - POLICY.prior_p_bad)])
    np.testing.assert_allclose(reason.contribution, odds[0] - odds[1], rtol=1e-5)


def test_only_published_records_that_fell_or_are_new_and_poor_have_reasons() -> None:
    found = reasons_of(
        previous=[640, 540, 0, 0, 0, 640, 0],
        score=[540, 640, 599, 600, 300, 540, 300],
        band=[4, 1, 3, 2, 4, 4, 4],
        published=[True, True, True, True, True, False, False],
    )
    assert list(found) == [0, 2, 4]
