"""How well each scenario is found and hidden: one market's figures, and the median of several."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.exam import HONEST, Exam
from stream.bench.separation import feature_aucs, text_auc
from stream.pipeline.features import NAMES
from topics.vocabulary import FIRST_BROWSE_STEP, ORDER_STATUSES

ENOUGH_CASES: Final = 50
LEAST_RATIO_TO_BASE: Final = 5.0
LEAST_RATIO_TO_BOOSTING: Final = 0.9
MOST_FEATURE_AUC: Final = 0.90
MOST_TEXT_AUC: Final = 0.80
STEP_SHARE: Final = 0.1
"""A step counts as one of a scenario's where so many of its cases are such events."""

STEP_CASES: Final = 20
"""From so many cases on a step is looked at by itself too."""


@dataclass(frozen=True, eq=False)
class Found:
    """One scenario in one market.

    ``within`` and ``overall`` hold base rate and average precision against the honest events of
    the scenario's own ``steps`` and against all honest events. ``aucs`` float64[2, F] by name of
    the rows that were compared; ``text`` the AUC of the text alone.
    """

    n_cases: int
    steps: tuple[str, ...]
    within: dict[str, float]
    overall: dict[str, float]
    aucs: dict[str, NDArray[np.float64]]
    text: float | None


def found_in(exam: Exam) -> dict[str, Found]:
    """Return what was found of each scenario, and of ``any``: all cases together."""
    found = {}
    for code, name in enumerate(exam.scenarios):
        cases = exam.scenario == code
        if cases.any():
            found[name] = _found(exam, cases)
    everything = exam.scenario >= 0
    if everything.any():
        found["any"] = _found(exam, everything)
    return found


def summary_of(markets: list[dict[str, Found]]) -> dict[str, dict[str, Any]]:
    """Return each scenario's medians over the markets, and what is weak about it."""
    names = sorted({name for market in markets for name in market})
    return {name: _summary([m[name] for m in markets if name in m]) for name in names}


def step_name(step: int) -> str:
    """Return what an event that is no browsing says, in words.

    >>> step_name(5), step_name(16)
    ('order returned', 'review')
    """
    return f"order {ORDER_STATUSES[step]}" if step < FIRST_BROWSE_STEP else "review"


def _found(exam: Exam, cases: NDArray[np.bool_]) -> Found:
    counts = np.bincount(exam.step[cases])
    steps = np.flatnonzero(counts >= STEP_SHARE * counts.sum())
    honest = exam.scenario == HONEST
    rows = (cases | honest)[exam.at]
    fraud, kinds = cases[exam.at], exam.step[exam.at]
    groups = {"together": np.isin(kinds, steps)}
    if len(steps) > 1:
        groups |= {step_name(s): kinds == s for s in steps.tolist() if counts[s] >= STEP_CASES}
    aucs = {}
    for name, group in groups.items():
        at = np.flatnonzero(rows & group)
        aucs[name] = feature_aucs(exam.features[at], fraud[at])
    at = np.flatnonzero(rows & groups["together"])
    return Found(
        int(cases.sum()),
        tuple(step_name(s) for s in steps.tolist()),
        _precision(exam, cases, (cases | honest) & np.isin(exam.step, steps)),
        _precision(exam, cases, cases | honest),
        aucs,
        text_auc([exam.texts[i] for i in at.tolist()], exam.user[at], fraud[at]),
    )


def _precision(exam: Exam, cases: NDArray[np.bool_], rows: NDArray[np.bool_]) -> dict[str, float]:
    from sklearn.metrics import average_precision_score  # noqa: PLC0415 - a second

    y = cases[rows]
    fused, network, boosting = (
        float(average_precision_score(y, said[rows]))
        for said in (exam.score, exam.network, exam.boosting)
    )
    base = float(y.mean())
    return {
        "base_rate": base,
        "average_precision": fused,
        "network_average_precision": network,
        "boosting_average_precision": boosting,
        "ratio_to_base": fused / base,
        "ratio_to_boosting": fused / boosting,
        "network_ratio_to_boosting": network / boosting,
    }


def _summary(found: list[Found]) -> dict[str, Any]:
    n_cases = float(np.median([f.n_cases for f in found]))
    within, overall = (
        {key: float(np.median([part[key] for part in parts])) for key in parts[0]}
        for parts in ([f.within for f in found], [f.overall for f in found])
    )
    texts = [f.text for f in found if f.text is not None]
    auc, feature, rows = _best_feature([f.aucs for f in found])
    summary = {
        "n_cases": n_cases,
        "n_cases_by_seed": [f.n_cases for f in found],
        "steps": sorted({step for f in found for step in f.steps}),
        **within,
        "ratio_to_boosting_by_seed": [f.within["ratio_to_boosting"] for f in found],
        "network_ratio_to_boosting_by_seed": [f.within["network_ratio_to_boosting"] for f in found],
        "against_all_events": overall,
        "feature_auc": auc,
        "feature": feature,
        "feature_rows": rows,
        "text_auc": float(np.median(texts)) if texts else None,
    }
    return summary | {"measured": n_cases > ENOUGH_CASES, "weak": _weak(summary)}


def _best_feature(found: list[dict[str, NDArray[np.float64]]]) -> tuple[float, str, str]:
    """Return the AUC, in either direction, and the name of the feature that separates best."""
    best = (0.0, "", "")
    for rows in sorted({name for aucs in found for name in aucs}):
        median = np.median([aucs[rows] for aucs in found if rows in aucs], axis=0)
        either = np.maximum(median, 1 - median).max(axis=0)
        at = int(either.argmax())
        best = max(best, (float(either[at]), NAMES[at], rows))
    return best


def _weak(summary: dict[str, Any]) -> list[str]:
    text = summary["text_auc"]
    tests = (
        ("ratio_to_base", summary["ratio_to_base"] < LEAST_RATIO_TO_BASE),
        ("ratio_to_boosting", summary["ratio_to_boosting"] < LEAST_RATIO_TO_BOOSTING),
        ("feature_auc", summary["feature_auc"] > MOST_FEATURE_AUC),
        ("text_auc", text is not None and text > MOST_TEXT_AUC),
    )
    return [name for name, failed in tests if failed]
