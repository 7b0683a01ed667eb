"""After the models: their fusion, calibration, the level of spend, and the ranking they give."""

import numpy as np
from numpy.typing import NDArray

from model.baseline import Boosting, ranking
from model.calibration import Calibration, fit_calibration, level
from model.fitting import Fitted
from model.fusion import Fusion
from model.inputs import TextVectors
from model.predict import outputs
from model.rows import TrainingRows
from model.saving import Trained
from model.slices import Slices
from model.standins import stand_ins
from model.textmodel import TextModel
from model.trees import Trees

ENOUGH = 1000
"""Rows with a known answer after validation, below which the newest known ones serve instead."""

NEWEST = 20_000

MIN_GAIN = 1e-4
"""Nats of log loss per event with a text; what is less is rounding or not worth reading texts."""


def measure(
    rows: TrainingRows, texts: TextVectors, slices: Slices, fitted: Fitted,
    boosting: Boosting | None, words: TextModel | None,
) -> Trained:  # fmt: skip
    """Fuse and calibrate on what follows validation, and rate the ranking on the last slice.

    ``words`` are kept where the last slice, on which nothing was fitted, says that they add.

    The fused ranking that is rated was weighed on the slice before; the weights that are kept come
    from both. Where other events than frauds are a sample, ratings weigh them and the calibration
    is lowered by their share. Whether a user turned bad and what was spent are known only after
    weeks. Where that leaves too few rows after validation, these two heads get the right level on
    the newest rows that are known, though they were trained on them. Rows whose text is not encoded
    are left to their `stand_ins`.
    """
    seen = stand_ins(rows, texts, slices.numbers())
    after = seen[slices.validation :]
    part, raw = rows.take(after), _outputs(rows, texts, fitted, after)
    calibration = {
        "fraud": Calibration.none(),
        "bad": _bad(rows, texts, fitted, seen, raw),
    }
    fusion, metrics = Fusion(fitted.shift, 1.0, None, 0.0), {}
    last = slice(slices.calibration - slices.validation, None)
    if "fraud" in fitted.heads:
        network, label = raw[:, 0], part.label
        rated, weight = label[last], part.weights()[last]
        trees = None if boosting is None else Trees.flatten(boosting.trees, boosting.columns)
        said = np.zeros(len(after)) if trees is None else trees.log_odds(part.x.features)
        before, shift = slice(0, last.start), fitted.shift
        earlier = Fusion.fit(network[before], shift, trees, said[before], label[before])
        fusion = Fusion.fit(network, shift, trees, said, label)
        written = None
        if words is not None and trees is not None:
            written = words.log_odds(part.x.texts)
            metrics["words"] = vars(ranking(written[last], rated, weight))
            worded, gain = trial(earlier, words, network, said, written, label, last.start)
            judged = np.isfinite(written[last]) & (label[last] >= 0)
            if adds(gain, len(np.unique(after[last][judged]))):
                earlier, fusion = worded, fusion.with_words(words, network, said, written, label)
        joined = fusion.join(network, said, written)
        calibration["fraud"] = _calibrated(joined, label, part.time_ms).raised(rows.log_share)
        fused = earlier.join(network, said, written)[last]
        for name, score in (
            ("fused", fused), ("network", network[last]), ("gradient_boosting", said[last]),
        ):  # fmt: skip
            metrics[name] = vars(ranking(score, rated, weight))
    if "bad" in fitted.heads:
        metrics["turned_bad"] = vars(ranking(raw[last, 1], part.turned_bad[last]))
    spend_scale = _spend_scale(rows, texts, fitted, seen, raw)
    return Trained(rows, slices, fusion, calibration, spend_scale, metrics)


def trial(
    plain: Fusion, words: TextModel, raw: NDArray[np.float64], said: NDArray[np.float64],
    written: NDArray[np.float64], label: NDArray[np.int8], n: int,
) -> tuple[Fusion, NDArray[np.float64]]:  # fmt: skip
    """Weigh words on the first ``n`` rows; return that and by how much they lower later losses.

    Compared is what the other parts reach on events with a text when weighed on the same rows.
    """
    mute = 0 * written
    worded = plain.with_words(words, raw[:n], said[:n], written[:n], label[:n])
    without = plain.with_words(words, raw[:n], said[:n], mute[:n], label[:n])
    return worded, (
        without.losses(raw[n:], said[n:], mute[n:], label[n:])
        - worded.losses(raw[n:], said[n:], written[n:], label[n:])
    )


def adds(gain: NDArray[np.float64], n: int) -> bool:
    """Whether a mean gain is worth having, and above zero by more than its standard error.

    The gains are those of ``n`` different events; some may be there more than once.

    >>> adds(np.array([0.2, 0.1, 0.3]), 3), adds(np.array([0.2, -0.1, 0.0]), 3)
    (True, False)
    >>> adds(np.zeros(0), 0), adds(np.tile([0.9, -0.6], 50), 100), adds(np.tile([0.9, -0.6], 50), 2)
    (False, True, False)
    """
    if n < 2:
        return False
    return bool(gain.mean() > max(MIN_GAIN, gain.std(ddof=1) / np.sqrt(n)))


def _outputs(
    rows: TrainingRows, texts: TextVectors, fitted: Fitted, at: NDArray[np.int64]
) -> NDArray[np.float64]:
    network = fitted.network
    return outputs(network, network.table().detach(), fitted.bins, rows.take(at).x, texts.take(at))


def _calibrated(
    raw: NDArray[np.float64], answer: NDArray[np.int8], time_ms: NDArray[np.int64]
) -> Calibration:
    known = answer >= 0
    return fit_calibration(raw[known], answer[known], time_ms[known])


def _bad(
    rows: TrainingRows,
    texts: TextVectors,
    fitted: Fitted,
    seen: NDArray[np.int64],
    raw: NDArray[np.float64],
) -> Calibration:
    if "bad" not in fitted.heads:
        return Calibration.none()
    answer, after = rows.turned_bad, seen[len(seen) - len(raw) :]
    if (answer[after] >= 0).sum() >= ENOUGH:
        found = _calibrated(raw[:, 1], answer[after], rows.time_ms[after])
        if found.kind in ("temperature", "platt", "isotonic"):
            return found
    at = seen[answer[seen] >= 0][-NEWEST:]
    newest = _outputs(rows, texts, fitted, at)[:, 1]
    return Calibration.level(level(newest, answer[at] == 1))


def _spend_scale(
    rows: TrainingRows,
    texts: TextVectors,
    fitted: Fitted,
    seen: NDArray[np.int64],
    raw: NDArray[np.float64],
) -> float:
    """Return the unit of spend with which the expected sum is the sum that was spent."""
    if "spend" not in fitted.heads:
        return fitted.spend_scale
    known, after = np.isfinite(rows.spend), seen[len(seen) - len(raw) :]
    at = after[known[after]]
    if len(at) >= ENOUGH:
        log_mean = raw[known[after], 2]
    else:
        at = seen[known[seen]][-NEWEST:]
        log_mean = _outputs(rows, texts, fitted, at)[:, 2]
    expected, spent = np.exp(log_mean).mean(), float(rows.spend[at].mean(dtype=np.float64))
    return float(np.clip(spent / expected, fitted.spend_scale / 5, fitted.spend_scale * 5))
