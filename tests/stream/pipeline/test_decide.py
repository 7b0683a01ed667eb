"""One batch through the whole pipeline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from stream.loading import load_policy
from stream.pipeline.entity_answers import N_QUESTIONS
from stream.pipeline.features import N_FEATURES, N_OWN, POSITION
from stream.pipeline.links import N_KINDS
from stream.pipeline.pipeline import Decided, decide
from stream.pipeline.published import alerts_of, credits_of, decisions_of, versions_of
from stream.pipeline.scorer import NoScorer
from stream.pipeline.users import UserResult, steps_by_user
from topics.columns import EventBatch
from topics.decode import Decoder
from topics.hashing import Tokens
from topics.scores import Head, ScoreInput, Scores

POLICY = load_policy(None)
DECODER = Decoder(Tokens(b"key of the tests"))
DAY = 86_400_000
START = 1_700_000_000_000


class Suspicious(NoScorer):
    """Suspects every order above 500, and says that its amount is why."""

    name, version, wants_past = "suspicious", "1", True

    def score(self, x: ScoreInput) -> Scores:
        p = np.where(np.nan_to_num(x.features[:, POSITION["amount"]]) > 500, 0.95, 0.01)
        p = p.astype(np.float64)
        return Scores(p, p, p / 10, np.full(len(x), 100.0), np.zeros(len(x), np.bool_))

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        """Of an event its amount is why, of its user how much was spent in a day."""
        out = np.zeros((len(rows), x.features.shape[1]), np.float32)
        out[:, POSITION["amount" if head == "fraud" else "amount_1d"]] = 3.0
        return out


def order(i: int, amount: float, user: str = "u1", **more: Any) -> dict[str, Any]:
    return {
        "type": "order", "event_id": f"e{i}", "user_id": user, "event_time": START + i * 60_000,
        "order_id": f"o{i}", "status": "placed", "amount": amount, "currency": "EUR",
        "device_id": "d", **more,
    }  # fmt: skip


def batch_of(records: Sequence[dict[str, Any]]) -> EventBatch:
    read = DECODER.events([orjson.dumps(r) for r in records])
    assert not read.bad
    return read.batch


def nobody(users: UserResult) -> NDArray[np.float64]:
    return np.zeros((len(users.aggregates), N_KINDS, N_QUESTIONS))


def run(
    records: Sequence[dict[str, Any]], states: list[bytes | None] | None = None, **more: Any
) -> tuple[EventBatch, Decided]:
    batch = batch_of(records)
    users, steps = steps_by_user(batch.rows["user"])
    known = states or [None] * len(users)
    scorer = more.pop("scorer", Suspicious(N_FEATURES))
    return batch, decide(batch, steps, known, nobody, policy=POLICY, scorer=scorer, **more)


def test_a_risky_order_is_blocked_and_says_why() -> None:
    batch, decided = run([order(0, 20.0), order(1, 900.0)])
    assert decided.action.tolist() == [0, 4]
    assert decided.reasons[1][0].text.startswith("Amount 900.00")
    alerts = alerts_of(batch, decided, POLICY, versions_of(POLICY, NoScorer(1)), lambda row: {})
    assert alerts is not None
    assert (alerts.decisions.event_ids, alerts.severity) == (["e1"], ["critical"])
    assert alerts.abuse_type == ["fraud"]


def test_a_repeated_event_changes_nothing_and_is_not_published() -> None:
    _, first = run([order(0, 900.0)])
    again, second = run([order(0, 900.0)], first.users.states())
    assert second.duplicate.tolist() == [True]
    assert second.reasons == {}
    versions = versions_of(POLICY, NoScorer(1))
    assert alerts_of(again, second, POLICY, versions, lambda row: {}) is None
    assert credits_of(again, second, versions) is None
    assert len(decisions_of(again, second, np.flatnonzero(~second.duplicate), versions)) == 0


def test_credit_is_published_first_and_when_it_moves() -> None:
    batch, decided = run([order(0, 20.0), order(1, 20.0), order(2, 900.0), order(3, 900.0)])
    assert decided.credit.published.tolist() == [True, False, True, True]
    assert decided.credit.previous[0] == 0
    assert decided.credit.previous[2] == decided.credit.score[0]
    _, later = run([order(9, 20.0)], decided.users.states())
    assert later.credit.published.tolist() == [False]
    records = credits_of(batch, decided, versions_of(POLICY, NoScorer(1)))
    assert records is not None
    assert records.event_ids == ["e0", "e2", "e3"]


def test_credit_remembers_what_the_model_said_of_earlier_events() -> None:
    records = [order(0, 20.0), order(1, 900.0), order(1, 900.0), order(2, 20.0), order(3, 20.0)]
    _, decided = run(records)
    expected, remembered = [], 0.0
    for i, judged in enumerate((0.001, 0.095, None, 0.001, 0.001)):
        if judged is not None:
            remembered = judged if i == 0 else remembered + 0.1 * (judged - remembered)
        expected.append(remembered)
    np.testing.assert_allclose(decided.credit.p_bad, expected, atol=1e-8)
    states: list[bytes | None] = [None]
    for record, p_bad in zip(records, decided.credit.p_bad, strict=True):
        _, alone = run([record], states)
        states = list(alone.users.states())
        assert alone.credit.p_bad[0] == p_bad


def test_credit_keeps_what_it_remembers_where_the_model_says_nothing() -> None:
    _, first = run([order(0, 900.0)])
    _, silent = run([order(1, 20.0)], first.users.states(), scorer=NoScorer(N_FEATURES))
    assert silent.credit.p_bad.tolist() == first.credit.p_bad.tolist()
    _, fresh = run([order(0, 900.0)], scorer=NoScorer(N_FEATURES))
    assert fresh.credit.p_bad.tolist() == [POLICY.prior_p_bad]
    _, heard = run([order(1, 20.0)], fresh.users.states())
    np.testing.assert_allclose(heard.credit.p_bad, 0.001, atol=1e-9)


def test_a_credit_record_that_falls_names_what_makes_the_user_turn_bad() -> None:
    records = [order(0, 20.0), order(1, 900.0), *(order(i, 20.0) for i in range(2, 9))]
    batch, decided = run(records)
    found = credits_of(batch, decided, versions_of(POLICY, NoScorer(1)))
    assert found is not None
    assert found.event_ids == ["e0", "e1", "e5"]
    new, fallen, risen = found.reasons
    assert (list(new), list(risen)) == ([], [])
    assert [(r.feature, r.value, r.contribution) for r in fallen] == [("amount_1d", 20.0, 3.0)]
    assert "20.00" in fallen[0].text
    assert set(decided.credit_reasons) == {1}


def test_a_new_user_in_a_bad_band_is_told_why_and_an_unpublished_one_is_not() -> None:
    poor, other = order(0, 900.0), order(1, 20.0, user="u2")
    _, decided = run([poor, other])
    assert decided.credit.band.tolist() == [4, 0]
    assert [r.feature for r in decided.credit_reasons[0]] == ["amount_1d"]
    _, again = run([order(0, 900.0)], decided.users.states()[:1])
    assert again.credit_reasons == {}


def test_without_a_model_rules_and_labels_decide() -> None:
    records = [
        order(i, 5.0, payment={"method": "card", "instrument_id": f"card{i}"}) for i in range(6)
    ]
    batch, decided = run(records, scorer=NoScorer(N_FEATURES))
    assert decided.action.tolist() == [0, 0, 0, 0, 3, 3]
    assert np.isnan(decided.scores.p_fraud).all()
    assert np.isfinite(decided.credit.p_bad).all()
    assert decided.credit.score.min() > 300
    alerts = alerts_of(batch, decided, POLICY, versions_of(POLICY, NoScorer(1)), lambda row: {})
    assert alerts is not None
    assert alerts.rules == [["many_instruments"], ["many_instruments"]]
    assert alerts.abuse_type == ["card_testing"] * 2


def test_logged_shared_features_replace_computed_ones() -> None:
    logged = np.full((1, N_FEATURES - N_OWN), 7.0, np.float32)
    _, decided = run([order(0, 20.0)], shared=logged)
    assert decided.features[0, N_OWN:].tolist() == [7.0] * (N_FEATURES - N_OWN)
    assert decided.features[0, POSITION["amount"]] == 20.0


def test_history_is_warm_after_thirty_days_or_since_the_account_was_opened() -> None:
    _, cold = run([order(0, 5.0)])
    created = {"account_created_at": START - DAY // 2}
    _, new = run([order(0, 5.0, **created)])
    _, late = run([order(30 * 24 * 60, 5.0)], cold.users.states())
    assert [cold.warm[0], new.warm[0], late.warm[0]] == [False, True, True]


def test_an_event_behind_the_bound_is_late_and_still_decided() -> None:
    _, first = run([order(100, 5.0)])
    _, decided = run([order(30, 5.0), order(50, 5.0)], first.users.states())
    assert decided.late.tolist() == [True, False]
    assert not decided.duplicate.any()


def test_an_empty_batch_is_decided_as_nothing() -> None:
    batch = batch_of([])
    users, steps = steps_by_user(batch.rows["user"])
    decided = decide(batch, steps, [], nobody, policy=POLICY, scorer=Suspicious(N_FEATURES))
    assert len(users) == 0
    assert decided.features.shape == (0, N_FEATURES)


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        run([order(0, 5.0)], [bytes([99, 0, 0, 0])])
