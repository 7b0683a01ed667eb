"""After the network: calibration, the level of spend, and how well it ranks the last slice."""

import numpy as np
from numpy.typing import NDArray

from model.baseline import Ranking, ranking
from model.calibration import Calibration, fit_calibration, level
from model.fitting import Fitted
from model.inputs import TextVectors
from model.predict import outputs
from model.rows import TrainingRows
from model.saving import Trained
from model.slices import Slices

ENOUGH = 1000
"""Rows with a known answer after validation, below which the newest known ones serve instead."""

NEWEST = 20_000


def measure(
    rows: TrainingRows, texts: TextVectors, slices: Slices, fitted: Fitted, boosted: Ranking
) -> Trained:
    """Calibrate on what follows validation and rate the ranking on the last slice.

    Whether a user turned bad and what was spent are known only after weeks. Where that leaves too
    few rows after validation, these two heads get the right level on the newest rows that are
    known, though they were trained on them.
    """
    after = np.arange(slices.validation, slices.n)
    part, raw = rows.take(after), _outputs(rows, texts, fitted, after)
    calibration = {
        "fraud": _calibrated(raw[:, 0], part.label, part.time_ms, fitted.shift)
        if "fraud" in fitted.heads
        else Calibration.none(fitted.shift),
        "bad": _bad(rows, texts, fitted, after, raw),
    }
    metrics = {"gradient_boosting": vars(boosted)}
    last = slice(slices.calibration - slices.validation, None)
    if "fraud" in fitted.heads:
        metrics["network"] = vars(ranking(raw[last, 0], part.label[last]))
    if "bad" in fitted.heads:
        metrics["turned_bad"] = vars(ranking(raw[last, 1], part.turned_bad[last]))
    return Trained(
        rows, slices, calibration, _spend_scale(rows, texts, fitted, after, raw), metrics
    )


def _outputs(
    rows: TrainingRows, texts: TextVectors, fitted: Fitted, at: NDArray[np.int64]
) -> NDArray[np.float64]:
    network = fitted.network
    return outputs(network, network.table().detach(), fitted.bins, rows.take(at).x, texts.take(at))


def _calibrated(
    raw: NDArray[np.float64], answer: NDArray[np.int8], time_ms: NDArray[np.int64], shift: float
) -> Calibration:
    known = answer >= 0
    return fit_calibration(raw[known], answer[known], time_ms[known], shift)


def _bad(
    rows: TrainingRows,
    texts: TextVectors,
    fitted: Fitted,
    after: NDArray[np.int64],
    raw: NDArray[np.float64],
) -> Calibration:
    if "bad" not in fitted.heads:
        return Calibration.none()
    answer = rows.turned_bad
    if (answer[after] >= 0).sum() >= ENOUGH:
        found = _calibrated(raw[:, 1], answer[after], rows.time_ms[after], 0.0)
        if found.kind != "none":
            return found
    at = np.flatnonzero(answer >= 0)[-NEWEST:]
    newest = _outputs(rows, texts, fitted, at)[:, 1]
    return Calibration.none(level(newest, answer[at] == 1))


def _spend_scale(
    rows: TrainingRows,
    texts: TextVectors,
    fitted: Fitted,
    after: NDArray[np.int64],
    raw: NDArray[np.float64],
) -> float:
    """Return the unit of spend with which the expected sum is the sum that was spent."""
    if "spend" not in fitted.heads:
        return fitted.spend_scale
    known = np.isfinite(rows.spend)
    at = after[known[after]]
    if len(at) >= ENOUGH:
        log_mean = raw[known[after], 2]
    else:
        at = np.flatnonzero(known)[-NEWEST:]
        log_mean = _outputs(rows, texts, fitted, at)[:, 2]
    expected, spent = np.exp(log_mean).mean(), float(rows.spend[at].mean(dtype=np.float64))
    return float(np.clip(spent / expected, fitted.spend_scale / 5, fitted.spend_scale * 5))
