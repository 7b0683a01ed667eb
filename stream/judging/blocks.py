"""One block of metrics over one set of events: values, the most attainable, intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.judging.judged import Cases
from stream.judging.ladder import ladder_of, sums_of
from stream.judging.probability import probability_metrics
from stream.judging.ranking import TOPS, Rungs, point_metrics, rank_maxima
from stream.judging.resampling import n_resamples_for, rank_intervals

Parts = Mapping[tuple[str, str], NDArray[np.int64]]
Blocks = dict[tuple[str, str], dict[str, Any]]


def block_of(cases: Cases, *, seed: int, n_resamples: int) -> dict[str, Any]:
    """Return the metrics of the cases by count; JSON-ready."""
    return _blocks(cases, {}, None, seed, n_resamples)[0]


def blocks_of(
    cases: Cases, parts: Parts, *, seed: int, n_resamples: int
) -> tuple[dict[str, Any], Blocks]:
    """Return that block, and the rank metrics of parts of the frauds against all legitimate.

    ``parts`` are rows of frauds by column and name.
    """
    return _blocks(cases, parts, None, seed, n_resamples)


def amount_block(cases: Cases, *, seed: int, n_resamples: int) -> dict[str, Any] | None:
    """Return the metrics by amount, over the events whose amount is known and above zero.

    None where there are none.
    """
    known = cases.amount > 0
    if not known.any():
        return None
    priced = cases if known.all() else cases.take(known)
    return _blocks(priced, {}, priced.amount, seed, n_resamples)[0]


def _blocks(
    cases: Cases, parts: Parts, worth: NDArray[Any] | None, seed: int, n_resamples: int
) -> tuple[dict[str, Any], Blocks]:
    draws = n_resamples_for(len(cases), n_resamples)
    groups = [np.flatnonzero(cases.fraud), *parts.values()]
    ranked, *rest = _ranked(cases, groups, worth, seed, draws)
    rated, spread = probability_metrics(cases, worth, seed=seed, n_resamples=draws)
    intervals, maximum = ranked.pop("interval_95"), ranked.pop("maximum")
    block = ranked | rated | {"maximum": maximum, "interval_95": intervals | spread}
    return block, dict(zip(parts, rest, strict=True))


def _ranked(
    cases: Cases,
    groups: list[NDArray[np.int64]],
    worth: NDArray[Any] | None,
    seed: int,
    draws: int,
) -> list[dict[str, Any]]:
    """Return n, n_fraud and the rank metrics of each group of frauds against the legitimate."""
    tops = () if worth is None else (*TOPS, len(groups[0]))
    ladder = ladder_of(cases.score, cases.fraud, tops)
    spreads = rank_intervals(cases, ladder, groups, worth, seed=seed, n_resamples=draws)
    legit = sums_of(ladder, ~cases.fraud, None)
    legit_worth = legit if worth is None else sums_of(ladder, ~cases.fraud, worth)
    found = []
    for rows, spread in zip(groups, spreads, strict=True):
        fraud = sums_of(ladder, rows, None)
        fraud_worth = fraud if worth is None else sums_of(ladder, rows, worth)
        metrics: dict[str, Any] = {"n": int(legit.sum()) + len(rows), "n_fraud": len(rows)}
        cheapest = None
        if worth is not None:
            fraud_amount, legit_amount = float(fraud_worth.sum()), float(legit_worth.sum())
            metrics |= {"amount": fraud_amount + legit_amount, "fraud_amount": fraud_amount}
            cheapest = _cheapest(worth[~cases.fraud])
        metrics |= point_metrics(Rungs(fraud, legit, fraud_worth, legit_worth))
        maximum = rank_maxima(metrics, n_fraud=len(rows), cheapest=cheapest)
        found.append(metrics | {"maximum": maximum, "interval_95": _known(spread, metrics)})
    return found


def _known(spread: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the intervals, None where the metric itself is."""
    return {
        name: _known(part, metrics[name])
        if isinstance(part, dict)
        else part
        if metrics[name] is not None
        else None
        for name, part in spread.items()
    }


def _cheapest(amounts: NDArray[Any]) -> NDArray[np.float64]:
    """Return the least amounts, in order: as many as the largest k could ever take."""
    k = min(max(TOPS), len(amounts))
    least = np.partition(amounts, k - 1)[:k] if k else amounts
    return np.sort(least).astype(np.float64)
