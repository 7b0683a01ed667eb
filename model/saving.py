"""From a fitted model to its folder, and back."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import torch
from numpy.typing import NDArray

from model import artifact
from model.attributefile import NAME as FIELDS_FILE
from model.attributefile import document_of
from model.attributes import Attributes
from model.base import OWN
from model.bins import Bins
from model.calibration import Calibration
from model.fitting import Fitted
from model.forest import Forest
from model.fusion import Fusion, Words
from model.gramweights import GramWeights
from model.lacking import lacking
from model.phrasenet import PhraseNet
from model.rows import TrainingRows
from model.slices import Slices
from model.spending import Spending
from model.textmodel import TextModel
from model.transformer import EventTransformer, Shape
from model.trees import Trees
from model.tunedencoder import TunedEncoder

NAME: Final = "event-transformer"
SPEND_DAYS: Final = 30.0
"""The days over which a model tells the expected spend, whatever it learned from."""

KINDS: Final = ("none", "platt", "isotonic", "level", "temperature")


@dataclass(frozen=True, eq=False)
class Trained:
    """What was learned after the network: fusion, calibrations, the unit of spend, metrics."""

    rows: TrainingRows
    slices: Slices
    fusion: Fusion
    calibration: dict[str, Calibration]
    spend_scale: float
    metrics: dict[str, Any]

    def with_trees(self, trees: Trees) -> Self:
        """Return the same with other trees, of which the fusion makes as much; none stay none."""
        if self.fusion.trees is None:
            return self
        return replace(self, fusion=replace(self.fusion, trees=trees))

    def with_words(self, model: TextModel) -> Self:
        """Return the same with other words, of which the fusion makes as much; none stay none."""
        if self.fusion.words is None:
            return self
        words = replace(self.fusion.words, model=model)
        return replace(self, fusion=replace(self.fusion, words=words))


def save_model(
    folder: Path, trained: Trained, fitted: Fitted, forest: Forest, usual: NDArray[np.float32],
    *, names: list[str], feature_version: str, text: dict[str, Any] | None, seconds: float,
    words: dict[str, Any] | None, seed: int, spend_horizon_days: float, label_delay_days: float,
    spending: Spending | None, spend_metrics: dict[str, Any] | None, attributes: Attributes,
    tuned: TunedEncoder | None,
) -> Path:  # fmt: skip
    """Write the model folder and return it."""
    rows, times, heads = trained.rows, trained.rows.time_ms, fitted.heads
    if spending is not None and "spend" not in heads:
        heads = [*heads, "spend"]
    manifest = {
        "name": NAME,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "feature_version": feature_version,
        "features": names,
        "heads": heads,
        "lacks": lacking(rows, heads, words=words is not None, fields=bool(attributes.own)),
        "attributes": attributes.told(),
        "spend_horizon_days": spend_horizon_days,
        "shape": fitted.network.shape.as_dict(),
        "text": text,
        "words": words,
        "spending": None if spending is None else spending.told(),
        "fusion": _weights(trained.fusion),
        "calibration": {head: found.kind for head, found in trained.calibration.items()},
        "metrics": trained.metrics,
        "spend_metrics": spend_metrics,
        "training": {
            "from_ms": int(times[0]),
            "until_ms": int(times[-1]),
            "label_delay_days": label_delay_days,
            "report_from_ms": int(times[trained.slices.calibration]),
            "n_rows": len(rows),
            "drawn_share": rows.share,
            "n_fraud": int((rows.label == 1).sum()),
            "n_turned_bad": int((rows.turned_bad == 1).sum()),
            "slices": vars(trained.slices),
            "seed": seed,
            **fitted.log,
        },
        "seconds": round(seconds, 1),
        "libraries": {name: version(name) for name in ("torch", "numpy", "scikit-learn", "numba")},
    }
    arrays = _arrays(trained, fitted, forest, usual)
    if spending is not None:
        arrays["spending"] = spending.arrays()
    documents = {FIELDS_FILE: document_of(attributes)} if attributes.fields else {}
    folders: dict[str, artifact.Write] = {}
    if tuned is not None:
        manifest |= {"fine_tuning": tuned.told, "fine_tuning_seconds": round(tuned.seconds, 1)}
        if tuned.is_kept:
            folders[OWN] = tuned.write
    artifact.save(folder, manifest, arrays, documents, folders)
    return folder


def _weights(fusion: Fusion) -> dict[str, Any]:
    """Return the weights of the parts for people to read."""
    parts = {"network": fusion.network, "trees": fusion.trees_weight}
    weights: dict[str, Any] = {name: round(weight, 4) for name, weight in parts.items()}
    if fusion.words is not None:
        found = vars(fusion.words)
        weights["with_text"] = {key: round(found[key], 4) for key in ("network", "trees", "text")}
    return weights


def _arrays(
    trained: Trained, fitted: Fitted, forest: Forest, usual: NDArray[np.float32]
) -> dict[str, artifact.Arrays]:
    state = fitted.network.state_dict()
    calibration: artifact.Arrays = {}
    for head, found in trained.calibration.items():
        calibration[f"{head}.kind"] = np.array([KINDS.index(found.kind)])
        calibration[f"{head}.shift"] = np.array([found.shift])
        calibration[f"{head}.knots"], calibration[f"{head}.values"] = found.knots, found.values
    fusion = trained.fusion
    trees, words = fusion.trees, fusion.words
    return {
        **({} if trees is None else {"trees": trees.arrays()}),
        **({} if words is None else {"words": word_arrays(words)}),
        "network": {name: tensor.numpy() for name, tensor in state.items()},
        "forest": {**vars(forest), "usual": np.array([forest.usual])},
        "calibration": calibration,
        "inputs": {
            "knots": fitted.bins.knots,
            "first": fitted.bins.first,
            "amounts": fitted.bins.amounts,
            "usual": usual,
            "spend_scale": np.array([trained.spend_scale]),
            "fusion": np.array([fusion.shift, fusion.network, fusion.trees_weight]),
        },
    }


def word_arrays(words: Words) -> artifact.Arrays:
    """Return what `fusion_from` rebuilds the words of a fusion from."""
    linear, net = words.model.linear, words.model.net
    return {
        "weight": linear.weight,
        "style": linear.style,
        "knots": linear.knots,
        "base": np.array([linear.base]),
        "fusion": np.array([words.network, words.trees, words.text, words.level]),
        "share": np.array([words.model.share]),
        **({} if net is None else {f"net.{name}": of for name, of in net.arrays().items()}),
    }


def network_from(loaded: artifact.Artifact) -> EventTransformer:
    """Rebuild the network, ready to answer."""
    first = torch.from_numpy(loaded.arrays["inputs"]["first"])
    network = EventTransformer(Shape(**loaded.manifest["shape"]), first)
    network.load_state_dict(
        {name: torch.from_numpy(value) for name, value in loaded.arrays["network"].items()}
    )
    return network.eval().requires_grad_(False)


def forest_from(arrays: artifact.Arrays) -> Forest:
    """Rebuild the forest."""
    parts: dict[str, Any] = {**arrays, "usual": float(arrays["usual"][0])}
    return Forest(**parts)


def fusion_from(loaded: artifact.Artifact) -> Fusion:
    """Rebuild what joins network and trees."""
    shift, network, weight = loaded.arrays["inputs"]["fusion"].tolist()
    trees = Trees.from_arrays(loaded.arrays["trees"]) if "trees" in loaded.arrays else None
    words = None
    if "words" in loaded.arrays:
        found = loaded.arrays["words"]
        words = Words(_text_model(found), *found["fusion"].tolist())
    return Fusion(shift, network, trees, weight, words=words)


def _text_model(found: artifact.Arrays) -> TextModel:
    """Rebuild what reads words; a folder may hold its linear part alone."""
    weight, style, knots, base = (found[name] for name in ("weight", "style", "knots", "base"))
    linear = GramWeights(weight, style, knots, float(base[0]))
    own = {name[4:]: of for name, of in found.items() if name.startswith("net.")}
    share = float(found["share"][0]) if own else 0.0
    return TextModel(linear, PhraseNet.from_arrays(own) if own else None, share)


def calibration_from(arrays: artifact.Arrays, head: str) -> Calibration:
    """Rebuild one head's calibration."""
    kind, shift = KINDS[int(arrays[f"{head}.kind"][0])], float(arrays[f"{head}.shift"][0])
    return Calibration(kind, shift, arrays[f"{head}.knots"], arrays[f"{head}.values"])


def bins_from(arrays: artifact.Arrays) -> Bins:
    """Rebuild the bins of the numeric features and amounts."""
    return Bins(arrays["knots"], arrays["first"], arrays["amounts"])
