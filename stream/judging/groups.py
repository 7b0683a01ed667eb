"""How decisions differ between groups of events: who is selected, how often wrongly, how scored.

An event is selected where its action is a given one or a stricter one. Of the rates and means of a
group there are 95 % intervals from resampling users.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.judged import Judged, Segment, user_codes
from stream.judging.resampling import interval, n_resamples_for, user_weights

RATES: Final = ("selection_rate", "false_positive_rate")
MOST_GROUPS: Final = 50
"""A column's values that are reported: the ones with the most events."""

_SELECTED, _N, _WRONG, _SCORE, _HONEST = range(5)
_AT_ONCE: Final = 8


@dataclass(frozen=True, eq=False)
class _Shown:
    """The events of the groups that are shown; ``group`` int[n] are places in ``names``."""

    names: list[str]
    group: NDArray[np.int64]
    user: NDArray[np.int32]
    n_users: int
    selected: NDArray[np.bool_]
    honest: NDArray[np.bool_]
    score: NDArray[np.float64]


def compare_groups(
    judged: Judged,
    column: str,
    *,
    selected_from: int,
    min_group: int,
    seed: int = 0,
    n_resamples: int = 200,
) -> dict[str, Any]:
    """Return what differs between the values of a column of ``judged.segments``; JSON-ready.

    ``selected_from`` is the code of an action. Per group: ``selection_rate`` over all its events;
    ``false_positive_rate`` and ``score_shift`` over its honest ones, where the shift is their mean
    score less that of all honest events. Groups with at least ``min_group`` events are compared:
    the adverse-impact ratio of a group is the lowest rate of any of them over its own, so 1 is
    best; the column's is the worst. None where nothing can be said.
    """
    segment = judged.segments[column]
    shown = _shown(judged, segment, selected_from)
    rows, overall = _by_fairlearn(shown)
    compared = [row["n"] >= min_group for row in rows.values()]
    draws = _resampled(shown, seed, n_resamples_for(len(judged), n_resamples))
    worst = _ratios(rows, np.array(compared, np.bool_), draws)
    for at, (row, is_compared) in enumerate(zip(rows.values(), compared, strict=True)):
        row["compared"] = is_compared
        row["interval_95"] = {name: interval(draws[name][at]) for name in (*RATES, "score_shift")}
    return {
        "n": len(shown.group),
        "n_without_value": int((segment.codes < 0).sum()),
        "n_values": len(np.unique(segment.codes[segment.codes >= 0])),
        "overall": overall,
        "groups": rows,
        "worst": worst,
    }


def _shown(judged: Judged, segment: Segment, selected_from: int) -> _Shown:
    counts = np.bincount(segment.codes[segment.codes >= 0], minlength=len(segment.names))
    codes = np.argsort(-counts, kind="stable")[:MOST_GROUPS]
    codes = codes[counts[codes] > 0]
    place = np.full(len(segment.names) + 1, -1)
    place[codes] = np.arange(len(codes))
    group = place[segment.codes]
    at = np.flatnonzero(group >= 0)
    user, n_users = user_codes(judged.user[at])
    return _Shown(
        [segment.names[code] for code in codes.tolist()], group[at], user, n_users,
        judged.action[at] >= selected_from, judged.label[at] == 0,
        judged.score[at].astype(np.float64),
    )  # fmt: skip


def _by_fairlearn(shown: _Shown) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return each group's figures, and those of all groups together.

    Fairlearn gets one row for the selected and one for the other events of each group, weighed by
    how many they are, which gives the same and takes no longer for more events.
    """
    from fairlearn import metrics  # noqa: PLC0415 - takes seconds

    n_groups = len(shown.names)
    cell = 2 * shown.group + shown.selected
    group, selected = np.divmod(np.arange(2 * n_groups), 2)
    n = np.bincount(cell, minlength=2 * n_groups)
    n_honest = np.bincount(cell[shown.honest], minlength=2 * n_groups)
    scores = np.bincount(cell, shown.score * shown.honest, 2 * n_groups)
    mean_score = scores / np.maximum(n_honest, 1)
    rows: dict[str, dict[str, Any]] = {
        name: {"n": int(n[group == at].sum()), "n_honest": int(n_honest[group == at].sum())}
        for at, name in enumerate(shown.names)
    }
    overall: dict[str, Any] = {"n": int(n.sum()), "n_honest": int(n_honest.sum())}
    for name, metric, said, weight in (
        ("selection_rate", metrics.selection_rate, selected, n),
        ("false_positive_rate", metrics.false_positive_rate, selected, n_honest),
        ("mean_honest_score", metrics.mean_prediction, mean_score, n_honest),
    ):
        there = weight > 0
        found: dict[int, float] = {}
        overall[name] = None
        if there.any():
            frame = metrics.MetricFrame(
                metrics=metric, y_true=np.zeros(int(there.sum()), np.int8), y_pred=said[there],
                sensitive_features=group[there], sample_params={"sample_weight": weight[there]},
            )  # fmt: skip
            found, overall[name] = frame.by_group.to_dict(), float(frame.overall)
        for at, row in enumerate(rows.values()):
            row[name] = float(found[at]) if at in found else None
    for row in rows.values():
        own = row["mean_honest_score"]
        row["score_shift"] = None if own is None else own - overall["mean_honest_score"]
    return rows, overall


def _resampled(shown: _Shown, seed: int, n_resamples: int) -> dict[str, NDArray[np.float64]]:
    """Return the rates and shifts of every resample of the users, float64[groups, resamples]."""
    n_groups = len(shown.names)
    pair, inverse = np.unique(
        shown.user.astype(np.int64) * n_groups + shown.group, return_inverse=True
    )
    honest = shown.honest.astype(np.float64)
    columns = (shown.selected, np.ones(len(inverse)), shown.selected & shown.honest,
               shown.score * honest, honest)  # fmt: skip
    sums = np.stack([np.bincount(inverse, column, len(pair)) for column in columns])
    user, group = pair // n_groups, pair % n_groups
    members = [np.flatnonzero(group == at) for at in range(n_groups)]
    found = [
        np.stack([sums[:, of] @ weights[user[of]].astype(np.float64) for of in members], axis=1)
        for weights in user_weights(shown.n_users, n_resamples, _AT_ONCE, seed)
    ]
    of = np.concatenate(found, axis=2)  # [sums, groups, resamples]
    with np.errstate(divide="ignore", invalid="ignore"):
        everyone = of[_SCORE].sum(0) / of[_HONEST].sum(0)
        return {
            "selection_rate": of[_SELECTED] / of[_N],
            "false_positive_rate": of[_WRONG] / of[_HONEST],
            "score_shift": of[_SCORE] / of[_HONEST] - everyone,
        }


def _ratios(
    rows: dict[str, dict[str, Any]],
    compared: NDArray[np.bool_],
    draws: dict[str, NDArray[np.float64]],
) -> dict[str, Any]:
    """Put the ratio of each rate into the rows, and return the worst of each with its interval."""
    worst = {}
    for name in RATES:
        rates = np.array([np.nan if r[name] is None else r[name] for r in rows.values()])
        known = compared & np.isfinite(rates)
        lowest = rates[known].min() if known.any() else np.nan
        for at, row in enumerate(rows.values()):
            row[f"{name}_ratio"] = _ratio(lowest, rates[at]) if known[at] else None
        enough = int(known.sum()) > 1
        worst[name] = {
            "ratio": _ratio(lowest, rates[known].max()) if enough else None,
            "interval_95": interval(_worst(draws[name][known])) if enough else None,
            "n_compared": int(known.sum()),
        }
    return worst


def _ratio(lowest: float, rate: float) -> float:
    """Return how many times rarer the least selected group is; 1 where nobody is selected."""
    return float(lowest / rate) if rate > 0 else 1.0


def _worst(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    lowest, highest = rates.min(0), rates.max(0)
    ratio: NDArray[np.float64] = np.ones_like(highest)
    np.divide(lowest, highest, out=ratio, where=highest != 0)
    return ratio
