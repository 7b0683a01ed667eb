import numpy as np
import pytest

from model.calibration import Calibration, fit_calibration, isotonic, log_loss, platt


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


def test_with_few_positives_there_is_no_calibration() -> None:
    label = np.zeros(1000, np.int8)
    label[::300] = 1
    fitted = fit_calibration(np.random.default_rng(0).normal(size=1000), label, np.arange(1000))
    assert (fitted.kind, fitted.shift) == ("none", 0)


def test_a_score_that_ranks_backwards_is_not_turned_round() -> None:
    truth, label, _ = made(5000, 5)
    fitted = platt(-truth, label == 1)
    assert fitted.slope > 0
    assert fitted.apply(-truth).mean() == pytest.approx(label.mean(), rel=0.05)
