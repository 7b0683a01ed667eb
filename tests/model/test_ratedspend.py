from dataclasses import dataclass

import numpy as np
import pytest

from model.asked import Asked
from model.habits import AT, NAMES
from model.ratedspend import rate_spend


@dataclass
class Told:
    """Tells of everybody what it was made with, times what was spent last."""

    factor: float

    def mean(self, habits: np.ndarray) -> np.ndarray:
        return self.factor * habits[:, AT["net_one"]].astype(np.float64)

    def median(self, habits: np.ndarray) -> np.ndarray:
        return self.mean(habits)


def made(n: int = 3000, n_users: int = 600) -> Asked:
    """Users spend again half of what they spent last, give or take, whatever came before that.

    Those of less than 5 do not come back.
    """
    rng = np.random.default_rng(0)
    habits = rng.lognormal(3, 1, (n, len(NAMES))).astype(np.float32)
    user = rng.integers(0, 2**63, n_users, dtype=np.uint64)[rng.integers(0, n_users, n)]
    spend = 0.5 * habits[:, AT["net_one"]] * rng.lognormal(0, 0.1, n).astype(np.float32)
    spend[habits[:, AT["net_one"]] < 5] = 0
    spend[:100] = np.nan
    return Asked(habits, spend, user, np.arange(n))


def test_all_parts_are_rated_on_users_that_did_not_teach() -> None:
    asked, taught = made(), []

    def fit(rows: Asked) -> Told:
        taught.append(rows)
        return Told(0.5)

    found = rate_spend(asked, fit)
    assert found is not None
    parts = found["parts"]
    assert np.isfinite(taught[0].spend).all()
    assert len(taught[0]) + found["n"] == len(asked) - 100
    assert len(np.unique(taught[0].user)) + found["n_users"] == len(np.unique(asked.user[100:]))
    assert list(parts) == ["spend_model", "linear_regression", "last_value", "past_spend",
                           "constant_median"]  # fmt: skip
    own, last, none = parts["spend_model"], parts["last_value"], parts["constant_median"]
    assert own["spearman"] == last["spearman"] > 0.95
    assert abs(parts["past_spend"]["spearman"]) < 0.2
    assert parts["past_spend"]["mae"] is None
    assert none["spearman"] is none["roc_auc"] is None
    assert abs(parts["past_spend"]["roc_auc"] - 0.5) < 0.2 < own["roc_auc"] - 0.5
    for error in ("rmse", "mae"):
        assert own[error] < parts["linear_regression"][error] < none[error]
        assert own[error] < last[error] / 2
    assert parts["linear_regression"]["spearman"] > 0.9


def test_of_very_many_rows_a_part_of_the_users_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    n_taught = []

    def fit(rows: Asked) -> Told:
        n_taught.append(len(rows))
        return Told(0.5)

    whole = rate_spend(made(), fit)
    monkeypatch.setattr("model.ratedspend.MOST_TAUGHT", 1000)
    part = rate_spend(made(), fit)
    assert whole is not None
    assert part is not None
    assert n_taught[0] > 2000
    assert n_taught[1] == pytest.approx(1000, rel=0.2)
    assert part["n"] == whole["n"]


def test_too_few_users_or_too_little_to_learn_from_are_not_rated() -> None:
    assert rate_spend(made(400, 60), lambda rows: Told(0.5)) is None
    assert rate_spend(made(), lambda rows: None) is None
