"""What a training says of its parts: each alone, and, in sentences, where a simple one wins."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.baseline import ranking
from model.forest import Forest
from model.logistic import Logistic
from model.saving import Trained

Part = Mapping[str, Any]

ORDER: Final = ("fused", "network", "gradient_boosting", "words", "logistic_regression", "forest",
                "turned_bad")  # fmt: skip

BASELINES: Final = ("gradient_boosting", "logistic_regression", "forest")
"""Which parts are to be beaten by the fused model, on the same events."""

_RANKINGS: Final = (("average_precision", "average precision"), ("roc_auc", "ROC AUC"))
_ERRORS: Final = (("spearman", "rank correlation"), ("roc_auc", "ROC AUC of who spends"),
                  ("rmse", "RMSE"), ("mae", "MAE"))  # fmt: skip


def with_baselines(
    trained: Trained, forest: Forest, places: NDArray[np.bool_], *, seed: int
) -> Trained:
    """Return the same with the metrics of the forest alone and of logistic regression as well.

    They are rated on the last slice, as all parts are, and are no part of the probability of fraud.
    Logistic regression learns from all rows before calibration: there is nothing to stop. It is
    missing where there is too little fraud to learn from; the forest needs no label to learn.
    ``places`` bool[F] as for `Standard`.
    """
    features, label, slices = trained.rows.x.features, trained.rows.label, trained.slices
    weight = trained.rows.weights()
    learned, last = slice(0, slices.validation), slice(slices.calibration, None)
    found = {"forest": forest.anomaly(features[last])}
    line = Logistic.fit(features[learned], label[learned], places, seed=seed)
    if line is not None:
        found["logistic_regression"] = line.log_odds(features[last])
    rated = {name: vars(ranking(score, label[last], weight[last])) for name, score in found.items()}
    metrics = trained.metrics | rated
    return replace(trained, metrics={name: metrics[name] for name in ORDER if name in metrics})


def verdicts(manifest: Mapping[str, Any]) -> list[str]:
    """Say where a baseline wins by a model's own report, and what could not be rated, and why.

    >>> part = {"n": 900, "n_fraud": 40, "roc_auc": 0.9}
    >>> verdicts({"metrics": {"fused": part | {"average_precision": 0.68},
    ...     "logistic_regression": part | {"average_precision": 0.71}}})
    ['logistic regression ranks better here than the fused model: average precision 0.710 \
against 0.680, among 40 frauds']
    """
    metrics = manifest["metrics"]
    return [*_unranked(metrics), *_ranked_better(metrics), *_spend(manifest)]


def _unranked(metrics: Mapping[str, Part]) -> Iterator[str]:
    one = metrics.get("fused", metrics.get("forest"))
    for rated, what in (
        (one, "the parts rank"),
        (metrics.get("turned_bad"), "it tells who turns bad"),
    ):
        if rated is not None and rated["roc_auc"] is None:
            n, n_bad = rated["n"], rated["n_fraud"]
            missing = "any answer" if not n else "a bad case" if not n_bad else "an honest case"
            yield f"how well {what} is not known: the newest events are without {missing}"


def _ranked_better(metrics: Mapping[str, Part]) -> list[str]:
    own, found = metrics.get("fused"), []
    for name in BASELINES:
        other = metrics.get(name)
        if own is None or other is None or own["roc_auc"] is None:
            continue
        won = [
            f"{said} {other[key]:.3f} against {own[key]:.3f}"
            for key, said in _RANKINGS
            if round(other[key], 3) > round(own[key], 3)
        ]
        if won:
            found.append(
                f"{_plain(name)} ranks better here than the fused model: {', '.join(won)}, "
                f"among {own['n_fraud']:,} frauds"
            )
    return found


def _spend(manifest: Mapping[str, Any]) -> list[str]:
    if "spend_metrics" not in manifest or "spend" not in manifest["heads"]:
        return []
    rated = manifest["spend_metrics"]
    if rated is None:
        return [
            "how well spend is told is not known: too few users of whom it is known what they "
            "spent after a moment between their events"
        ]
    own, found = rated["parts"]["spend_model"], []
    for name, other in rated["parts"].items():
        won = [
            f"{said} {_short(other[key])} against {_short(own[key])}"
            for key, said in _ERRORS
            if _beats(key, other[key], own[key])
        ]
        if won:
            found.append(
                f"{_plain(name)} tells spend better here than the spend model: {', '.join(won)}, "
                f"on {rated['n_users']:,} users"
            )
    return found


def _beats(key: str, other: float | None, own: float | None) -> bool:
    """Whether one figure is better, and the two do not look the same where they are printed."""
    if other is None or own is None or _short(other) == _short(own):
        return False
    return other > own if key in {"spearman", "roc_auc"} else other < own


def _short(x: float) -> str:
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def _plain(name: str) -> str:
    return {"forest": "the forest alone", "constant_median": "the same median for everybody"}.get(
        name, name.replace("_", " ")
    )
