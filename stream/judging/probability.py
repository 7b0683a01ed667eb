"""How good the probabilities are by themselves: log loss, Brier score, calibration error.

A log loss says little alone, since it is small where fraud is rare: ``log_loss_base_rate`` is that
of one probability for all, the share of fraud among the very events that are judged, so the best
constant there is. The events with the highest probabilities decide what is acted on and are few,
so that a calibration error over all hides them: ``highest_1000`` sets what the thousand highest say
beside what happened.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.judged import Cases
from stream.judging.ladder import parts
from stream.judging.resampling import mean_intervals

N_BINS: Final = 15
HIGHEST: Final = 1_000
LOSSES: Final = ("log_loss", "brier")
NAMES: Final = ("log_loss", "log_loss_base_rate", "brier", "ece", "highest_1000")
MOST_FOR_EDGES: Final = 2_000_000
"""Where there are twice as many events, a sample of them tells where the bins end."""


def probability_metrics(
    cases: Cases, worth: NDArray[Any] | None, *, seed: int, n_resamples: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metrics of ``NAMES``, with intervals of the losses and of ``highest_1000``.

    Events without a probability are left out; None where no event has one. ``worth`` float[n] or
    None weighs the events.
    """
    known = ~np.isnan(cases.p)
    if not known.all():
        cases, worth = cases.take(known), None if worth is None else worth[known]
    if not len(cases):
        return dict.fromkeys(NAMES), {}
    points, total, fraud = np.zeros(2), 0.0, 0.0
    sums, totals = np.zeros((2, cases.n_users)), np.zeros(cases.n_users)
    for part in parts(len(cases)):
        y, p = cases.fraud[part], cases.p[part].astype(np.float64)
        weight = np.ones(len(y)) if worth is None else worth[part].astype(np.float64)
        points += weight.sum() * np.array(_means(y, p, weight))
        total += weight.sum()
        fraud += weight[y].sum()
        user = cases.user[part]
        sums += [np.bincount(user, weight * loss, cases.n_users) for loss in _losses(y, p)]
        totals += np.bincount(user, weight, cases.n_users)
    draws = {"seed": seed, "n_resamples": n_resamples}
    intervals = dict(zip(LOSSES, mean_intervals(sums, totals, **draws), strict=True))
    highest, spread = _highest(cases, worth, draws)
    metrics = {
        "log_loss": float(points[0] / total),
        "log_loss_base_rate": constant_log_loss(float(fraud / total)),
        "brier": float(points[1] / total),
        "ece": calibration_error(cases.fraud, cases.p, worth),
        "highest_1000": highest,
    }
    return metrics, intervals | {"highest_1000": spread}


def constant_log_loss(share: float) -> float:
    """Return the log loss of giving every event the share of fraud among them as probability.

    The entropy of that share in nats, between 0 and ln 2.

    >>> round(constant_log_loss(0.01), 4), constant_log_loss(0.0)
    (0.056, 0.0)
    """
    return -sum(x * math.log(x) for x in (share, 1 - share) if x > 0) + 0.0


def _highest(
    cases: Cases, worth: NDArray[Any] | None, draws: dict[str, int]
) -> tuple[dict[str, float] | None, dict[str, list[float] | None] | None]:
    """Return mean probability and share of fraud of the thousand highest, and its interval.

    Of the events with the last probability that counts, each takes part by the share of them that
    fits. The interval is of the share of fraud among these very events. None for fewer events.
    """
    if len(cases) < HIGHEST:
        return None, None
    edge = np.partition(cases.p, len(cases) - HIGHEST)[len(cases) - HIGHEST]
    at = np.flatnonzero(cases.p >= edge)
    p, y, user = cases.p[at].astype(np.float64), cases.fraud[at], cases.user[at]
    tied = cases.p[at] == edge
    weight = np.where(tied, (HIGHEST - (~tied).sum()) / tied.sum(), 1.0)
    if worth is not None:
        weight *= worth[at]
    users, codes = np.unique(user, return_inverse=True)
    sums = np.zeros((2, len(users)))
    sums += [np.bincount(codes, part, len(users)) for part in (weight * y, weight)]
    (ends,) = mean_intervals(sums[:1], sums[1], **draws)
    found = {
        "mean_p": float(weight @ p / weight.sum()),
        "fraud_share": float(weight @ y / weight.sum()),
    }
    return found, {"fraud_share": ends}


def bins_of(p: NDArray[Any], worth: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return where 15 bins of equal mass end, but for the last; fewer where values repeat.

    A bin holds what lies above the end before it up to its own. ``worth`` float[n] is the mass.
    """
    at = np.arange(1, N_BINS) / N_BINS
    some = slice(None, None, max(1, len(p) // MOST_FOR_EDGES))
    mass = None if worth is None else worth[some]
    return np.unique(np.quantile(p[some], at, method="inverted_cdf", weights=mass))


def calibration_error(
    fraud: NDArray[np.bool_], p: NDArray[Any], worth: NDArray[Any] | None
) -> float:
    """Return the expected calibration error over bins of equal mass.

    The mean over bins, by their mass, of the distance between the mean probability and the share of
    fraud. Events of one probability share a bin, so bins are equal as far as ties allow. Source:
    M. P. Naeini and others, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.

    >>> calibration_error(np.array([False, True]), np.array([0.2, 0.9]), None)
    0.15
    """
    edges = bins_of(p, worth)
    gaps, total = np.zeros(len(edges) + 1), 0.0
    for part in parts(len(p)):
        weight = np.ones(len(p[part])) if worth is None else worth[part].astype(np.float64)
        bins = np.searchsorted(edges, p[part], "left")
        gaps += np.bincount(bins, weight * (p[part].astype(np.float64) - fraud[part]), len(gaps))
        total += weight.sum()
    return float(np.abs(gaps).sum() / total)


def _means(
    y: NDArray[np.bool_], p: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float]:
    from sklearn.metrics import brier_score_loss, log_loss  # noqa: PLC0415 - a second

    both = [False, True]
    return (
        float(log_loss(y, p, sample_weight=weight, labels=both)),
        float(brier_score_loss(y, p, sample_weight=weight, labels=both, pos_label=True)),
    )


def _losses(
    y: NDArray[np.bool_], p: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each event's logarithmic, clipped as scikit-learn does, and squared loss."""
    said = np.clip(np.where(y, p, 1 - p), np.finfo(np.float64).eps, 1)
    return -np.log(said), (p - y) ** 2
