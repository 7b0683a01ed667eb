"""No single sign gives a scenario away, its texts do not either, and yet a model finds it."""

import numpy as np
import orjson
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.topics.simulator.looks import STEPS, looks
from topics.simulator import Shop, SimulatorConfig

pytestmark = pytest.mark.slow

CONFIG = SimulatorConfig(users=4_500, days=50, seed=21, fraud_share=0.03)
ENOUGH = 50


@pytest.fixture(scope="module")
def market():
    """The looks of all events, and of each the scenario ("" honest, None goes with fraud)."""
    with Shop(CONFIG) as shop:
        seen = looks(
            (orjson.loads(record.value) for record in shop.events()),
            (orjson.loads(record.value) for record in shop.labels()),
        )
        truth = [orjson.loads(record.value) for record in shop.truth()]
    scenario = {t["event_id"]: t["scenario"] if t["case"] else None for t in truth}
    return seen, np.array([scenario.get(i, "") for i in seen.ids], object)


def groups(market):
    """Yield (scenario, step, rows of its cases and of honest events, which are cases)."""
    seen, scenarios = market
    for scenario in sorted({s for s in scenarios if s}):
        for step in STEPS:
            rows = np.flatnonzero(
                (seen.steps == step) & ((scenarios == "") | (scenarios == scenario))
            )
            cases = (scenarios[rows] == scenario).astype(bool)
            if cases.sum() > ENOUGH:
                yield scenario, step, rows, cases


def auc(cases, values):
    """The better of both directions, with the unknown at either end."""
    found = []
    for end in (-1e15, 1e15):
        area = roc_auc_score(cases, np.where(np.isnan(values), end, values))
        found += [area, 1 - area]
    return max(found)


def test_every_scenario_has_enough_cases(market):
    assert {scenario for scenario, *_ in groups(market)} == {
        "account_takeover", "brushing", "card_testing", "default", "fake_review",
        "promotion_farm", "refund_abuse",
    }  # fmt: skip


def test_no_single_feature_separates_a_scenario_with_auc_above_090(market):
    seen, _ = market
    for scenario, step, rows, cases in groups(market):
        areas = {n: auc(cases, seen.values[rows, j]) for j, n in enumerate(seen.names)}
        best = max(areas, key=areas.__getitem__)
        print(f"{scenario:17} {step:9} {cases.sum():4} cases, best {best} {areas[best]:.3f}")
        assert areas[best] < 0.90, f"{scenario} at {step}: {best} has AUC {areas[best]:.3f}"


def test_no_case_repeats_a_measure_to_the_digit(market):
    """A constant where people differ would be found by any tree, whatever its AUC."""
    seen, _ = market
    checked = 0
    for scenario, step, rows, cases in groups(market):
        for j, name in enumerate(seen.names):
            honest, theirs = (seen.values[rows[group], j] for group in (~cases, cases))
            # 0 is what is new, and a lot of things are.
            honest, theirs = (part[~np.isnan(part) & (part != 0)] for part in (honest, theirs))
            if len(theirs) < ENOUGH or len(np.unique(honest)) < 0.9 * len(honest):
                continue
            checked += 1
            _, counts = np.unique(theirs, return_counts=True)
            assert counts.max() < 0.1 * len(theirs), f"{scenario} at {step}: {name}"
    assert checked > 5


def test_text_alone_does_not_separate_a_scenario_with_auc_above_080(market):
    seen, _ = market
    half = np.random.default_rng(0).random(len(seen.ids)) < 0.5
    for scenario, step, rows, cases in groups(market):
        written = np.array([bool(seen.texts[i]) for i in rows])
        at, is_case = rows[written], cases[written]
        if is_case.sum() <= ENOUGH:
            continue
        ngrams = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True)
        x = ngrams.fit_transform([seen.texts[i] for i in at])
        learn = half[at]
        line = LogisticRegression(C=3.0, max_iter=300, class_weight="balanced")
        line.fit(x[learn], is_case[learn])
        area = roc_auc_score(is_case[~learn], line.decision_function(x[~learn]))
        print(f"{scenario:17} {step:9} {is_case.sum():4} texts, AUC {area:.3f}")
        assert area < 0.80, f"{scenario} at {step}: text alone has AUC {area:.3f}"


def test_a_model_of_all_scenarios_finds_each_later_with_five_times_its_base_rate(market):
    seen, scenarios = market
    x = np.column_stack([seen.values, *(seen.steps == step for step in STEPS)])
    cut = np.quantile(seen.times, 0.6)
    clear = np.array([s is not None for s in scenarios])
    learn = clear & (seen.times < cut)
    model = HistGradientBoostingClassifier(max_iter=120, min_samples_leaf=40, random_state=0)
    model.fit(x[learn], (scenarios != "").astype(bool)[learn])
    risk = model.predict_proba(x)[:, 1]
    for scenario, step, rows, cases in groups(market):
        later = seen.times[rows] >= cut
        base = cases[later].mean()
        precision = average_precision_score(cases[later], risk[rows[later]])
        print(f"{scenario:17} {step:9} base {base:.4f} average precision {precision:.3f}")
        assert precision >= 5 * base, f"{scenario} at {step}: {precision:.3f} of {base:.4f}"
