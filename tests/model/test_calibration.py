import numpy as np
import pytest

from model.calibration import (
    Calibration,
    cautious_level,
    fit_calibration,
    isotonic,
    level,
    log_loss,
    platt,
    temperature,
)
from model.saving import KINDS, calibration_from


def made(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(-3, 1.5, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(np.int8)
    return truth, label, np.arange(n)


@pytest.mark.parametrize("fitter", [platt, isotonic])
def test_calibration_lowers_the_log_loss_of_overconfident_scores(fitter: object) -> None:
    truth, label, _ = made(20_000, 0)
    raw = 2.5 * truth + 4
    learned, later = slice(0, 10_000), slice(10_000, None)
    fitted = fitter(raw[learned], label[learned] == 1)  # type: ignore[operator]
    best = log_loss(1 / (1 + np.exp(-truth[later])), label[later] == 1)
    before = log_loss(1 / (1 + np.exp(-raw[later])), label[later] == 1)
    after = log_loss(fitted.apply(raw[later]), label[later] == 1)
    assert after < before - 0.02
    assert after == pytest.approx(best, abs=0.01)


def test_a_straight_line_is_chosen_where_it_is_the_truth() -> None:
    truth, label, time_ms = made(30_000, 1)
    fitted = fit_calibration(2 * truth + 1, label, time_ms)
    assert fitted.kind == "platt"
    assert fitted.slope == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_temperature_finds_what_the_log_odds_were_multiplied_by(factor: float) -> None:
    truth, label, _ = made(30_000, 1)
    fitted = temperature(factor * truth, label == 1)
    assert fitted.slope == pytest.approx(1 / factor, rel=0.03)
    assert fitted.log_odds(np.zeros(1)) == 0
    best = log_loss(1 / (1 + np.exp(-truth)), label == 1)
    assert log_loss(fitted.apply(factor * truth), label == 1) == pytest.approx(best, abs=1e-3)


def test_a_temperature_is_chosen_more_often_than_a_line_where_one_number_is_enough() -> None:
    kinds = []
    for seed in range(20):
        truth, label, time_ms = made(4000, seed)
        kinds.append(fit_calibration(2.5 * truth, label, time_ms).kind)
    assert kinds.count("temperature") > kinds.count("platt")
    assert "none" not in kinds


def test_a_temperature_of_a_score_that_ranks_backwards_keeps_its_ranking() -> None:
    truth, label, _ = made(5000, 5)
    assert temperature(-truth - 6, label == 1).slope > 0


@pytest.mark.parametrize("kind", ["none", "level", "temperature", "platt", "isotonic"])
def test_every_kind_is_read_back_as_it_was_saved(kind: str) -> None:
    saved = {"kind": [KINDS.index(kind)], "shift": [0.25], "knots": [0, 1], "values": [0, 0.5]}
    arrays = {f"fraud.{name}": np.array(value) for name, value in saved.items()}
    again = calibration_from(arrays, "fraud")
    assert (again.kind, again.shift) == (kind, 0.25)


def test_a_bent_score_gets_a_bent_map() -> None:
    truth, label, time_ms = made(60_000, 2)
    fitted = fit_calibration(np.sign(truth + 3) * (truth + 3) ** 4, label, time_ms)
    assert fitted.kind == "isotonic"
    assert (np.diff(fitted.apply(np.linspace(-50, 50, 999))) > 0).all()


def test_down_sampling_is_undone() -> None:
    truth, label, _ = made(200_000, 3)
    kept = (label == 1) | (np.random.default_rng(4).random(len(label)) < 0.1)
    assert label[kept].mean() > 3 * label.mean()
    sampled = truth - np.log(0.1)  # what a model of the kept rows would say
    p = Calibration.none(float(np.log(0.1))).apply(sampled)
    assert p.mean() == pytest.approx(label.mean(), rel=0.03)


def few(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return true log-odds of 3,000 rows, of which about 10 are positive, and what happened."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(-7, 1.5, 3000)
    return truth, (rng.random(3000) < 1 / (1 + np.exp(-truth))).astype(np.int8)


@pytest.mark.parametrize("error", [-1.5, 1.5])
def test_few_positives_correct_the_level_and_nothing_else(error: float) -> None:
    after, before = [], []
    for seed in range(20):
        truth, label = few(seed)
        fitted = fit_calibration(truth + error, label, np.arange(3000))
        assert fitted.kind == "level"
        assert fitted.slope == 1
        later, happened = few(seed + 100)
        after.append(log_loss(fitted.apply(later + error), happened == 1))
        before.append(log_loss(1 / (1 + np.exp(-later - error)), happened == 1))
    assert np.mean(after) < np.mean(before) - 0.001


def test_a_level_that_is_right_stays_about_where_it_is_for_few_positives() -> None:
    shifts = []
    for seed in range(40):
        truth, label = few(seed)
        shifts.append(fit_calibration(truth, label, np.arange(3000)).shift)
    assert np.mean(shifts) == pytest.approx(0, abs=0.15)
    assert np.std(shifts) < 0.5


def test_many_positives_set_the_level_by_themselves() -> None:
    truth, label, _ = made(20_000, 6)
    shift = cautious_level(truth - 2, label == 1)
    assert shift == pytest.approx(2, abs=0.1)
    assert shift == pytest.approx(level(truth - 2, label == 1), abs=0.01)


def test_no_positive_where_one_was_hardly_expected_says_next_to_nothing() -> None:
    rare = np.full(100, -7.0)
    assert -0.1 < cautious_level(rare, np.zeros(100, bool)) < 0


def test_no_rows_at_all_leave_everything_as_it_is() -> None:
    none = np.zeros(0)
    fitted = fit_calibration(none, none.astype(np.int8), none.astype(np.int64))
    assert (fitted.kind, fitted.shift) == ("none", 0)


def test_a_score_that_ranks_backwards_is_not_turned_round() -> None:
    truth, label, _ = made(5000, 5)
    fitted = platt(-truth, label == 1)
    assert fitted.slope > 0
    assert fitted.apply(-truth).mean() == pytest.approx(label.mean(), rel=0.05)
