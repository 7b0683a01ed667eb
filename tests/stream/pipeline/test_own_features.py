"""What the user's own amounts are compared with does not depend on the currency."""

from dataclasses import replace

import numpy as np
import pytest

from stream.pipeline import features
from stream.pipeline.aggregates import COLUMN, N_AGGREGATES
from stream.pipeline.entity_answers import QUESTIONS
from stream.pipeline.feature import Known
from stream.pipeline.features import POSITION, compute_features, feature_version
from topics.columns import EVENT
from topics.vocabulary import ENTITY_KINDS

COMPARED = ("amount_deviation", "amount_growth_7d")


def compared(scale: float, **known: float) -> np.ndarray:
    rows = np.zeros(1, EVENT)
    rows["amount"] = scale * 6.0
    aggregates = np.zeros((N_AGGREGATES, 1))
    for name, value in known.items():
        aggregates[COLUMN[name]] = scale * value
    answers = np.zeros((len(ENTITY_KINDS), len(QUESTIONS), 1))
    found = compute_features(Known(rows, aggregates, answers))[0]
    return found[[POSITION[name] for name in COMPARED]]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_a_deviation_and_a_growth_are_the_same_in_every_currency(scale: float) -> None:
    known = {"amount_mean": 2, "amount_std": 0.8, "amount_7d": 10, "amount_week_before": 2}
    np.testing.assert_allclose(compared(scale, **known), [4.0, 3.0], rtol=1e-5)


def test_who_spent_nothing_yet_has_no_deviation_and_no_growth() -> None:
    np.testing.assert_equal(compared(1.0, amount_mean=np.nan, amount_std=np.nan), [np.nan, 1])
    np.testing.assert_equal(compared(1.0, amount_mean=0.0, amount_std=0.0), [np.nan, 1])


def test_another_meaning_under_the_same_name_is_another_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, (first, *others) = feature_version(), features.FEATURES
    monkeypatch.setattr(features, "FEATURES", (replace(first, revision=9), *others))
    assert feature_version() != before
