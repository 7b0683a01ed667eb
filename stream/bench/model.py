"""`bench model`: how fast each engine encodes texts, what it changes, and what an event costs."""

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from model import artifact
from model.base import encoder_of
from model.engine import DTYPES
from model.export import MANIFEST, export_of
from model.scorer import ModelScorer
from model.text import TextEncoder
from stream.bench.encoding import Rates, encoding_rates
from stream.bench.sample import sample
from stream.bench.trained import bench_model
from stream.bench.transformer import N_COSTED, transformer_cost
from stream.loading import load_policy
from stream.pipeline.pipeline import verdict_of
from stream.pipeline.policy import Policy
from stream.pipeline.scorer import NoScorer
from stream.progress import shown
from topics.errors import InputError
from topics.scores import ScoreInput

QUANTILE: Final = 0.999


@dataclass(frozen=True, kw_only=True)
class ModelPlan:
    """What to measure; ``model`` None: one trained here and kept in ``cache``.

    ``n_events`` are the events with texts on which the engines are compared; ``device`` is ``cpu``
    or ``cuda``; ``base`` overrides where the text encoder is found.
    """

    cache: Path
    n_events: int = 10_000
    device: str = "cpu"
    threads: int = 1
    model: Path | None = None
    base: str | None = None


def bench_engines(plan: ModelPlan) -> dict[str, Any]:
    """Measure and return the figures, named as the contract and docs/performance.md do.

    Raises InputError where the model reads no texts or the device is not there.
    """
    torch.set_num_threads(plan.threads)
    if plan.device != "cpu" and not torch.cuda.is_available():
        raise InputError(f"device {plan.device} is not there; use cpu")
    plan.cache.mkdir(parents=True, exist_ok=True)
    model = plan.model or bench_model(plan.cache)
    loaded = artifact.load(model)
    if loaded.manifest["text"] is None:
        raise InputError(f"model {model} was trained without a text encoder; nothing to compare")
    written, full = sample(plan.n_events, N_COSTED, plan.cache)
    texts = {
        key: text or ""
        for key, text in zip(written.rows["text"].tolist(), written.texts, strict=True)
    }
    policy = load_policy(None)
    rates, answers = {}, {}
    for name, (device, engine) in _engines(plan, model).items():
        place, prefix = encoder_of(model, loaded.manifest, plan.base)
        encoder = TextEncoder.load(place, device=device, engine=engine, prefix=prefix)
        encoder.expect(loaded.manifest["text"]["sha256"])
        rates[name] = encoding_rates(encoder, texts, name)
        answers[name] = _answers(ModelScorer(loaded, device, encoder), written, policy)
    return {
        "bench": "model",
        "device": plan.device,
        "threads": plan.threads,
        **_rates(rates, by_clock=plan.device != "cpu"),
        **_differences(answers),
        **transformer_cost(ModelScorer(loaded, plan.device), full),
        "events": len(written),
        "texts": len(texts),
        "cores": os.cpu_count(),
    }


def _rates(found: dict[str, Rates], *, by_clock: bool) -> dict[str, dict[str, float]]:
    """Return texts per second, by the clock or of processor time, which others' work leaves be."""
    clock = {name: (part.ours_by_clock, part.bare_by_clock) for name, part in found.items()}
    used = clock if by_clock else {name: (part.ours, part.bare) for name, part in found.items()}
    return {
        "engines": {name: round(ours, 1) for name, (ours, _) in used.items()},
        "bare": {name: round(bare, 1) for name, (_, bare) in used.items()},
        "ratio_to_bare": {name: round(ours / bare, 3) for name, (ours, bare) in used.items()},
        "engines_by_clock": {name: round(ours, 1) for name, (ours, _) in clock.items()},
        "bare_by_clock": {name: round(bare, 1) for name, (_, bare) in clock.items()},
    }


def _engines(plan: ModelPlan, model: Path) -> dict[str, tuple[str, str]]:
    """Return device and engine by name; the first, float32 on the processor, is the measure."""
    if plan.device != "cpu":
        here = {f"{plan.device}_{dtype}": (plan.device, dtype) for dtype in DTYPES}
        return {"float32": ("cpu", "float32"), **here}
    found = {dtype: ("cpu", dtype) for dtype in DTYPES}
    if find_spec("onnxruntime") and find_spec("onnxscript"):
        found["int8"] = ("cpu", str(_int8(plan, model)))
    return found


def _int8(plan: ModelPlan, model: Path) -> Path:
    """Return the folder of the encoder in int8, written once for each encoder."""
    sha256 = artifact.load(model).manifest["text"]["sha256"]
    folder = plan.cache / f"int8-{sha256[:12]}"
    if not (folder / MANIFEST).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with shown("exporting the encoder"):
            export_of(model, folder, base=plan.base)
    return folder


def _answers(
    scorer: ModelScorer, x: ScoreInput, policy: Policy
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    scores = scorer.score(x)
    nothing_twice = np.zeros(len(x), np.bool_)
    silent = NoScorer(x.features.shape[1])  # nobody reads the reasons
    return scores.p_fraud, verdict_of(x, scores, nothing_twice, policy, silent).action


def _differences(
    answers: dict[str, tuple[NDArray[np.float64], NDArray[np.uint8]]],
) -> dict[str, Any]:
    """Return how far probabilities and actions are from those of the first engine."""
    (_, (p, action)), *others = answers.items()
    away = {name: np.abs(found - p) for name, (found, _) in others}
    return {
        "max_difference": {name: float(part.max()) for name, part in away.items()},
        "p999_difference": {
            name: float(np.quantile(part, QUANTILE)) for name, part in away.items()
        },
        "changed_actions": {name: float((found != action).mean()) for name, (_, found) in others},
        "p_fraud": {"median": float(np.median(p)), "p999": float(np.quantile(p, QUANTILE))},
        "actions_but_allow": int((action > 0).sum()),
    }
