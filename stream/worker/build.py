"""A worker's processor from the program's settings."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from stream.loading import build_decoder, load_policy
from stream.pipeline.features import FEATURE_VERSION, N_FEATURES, NAMES
from stream.pipeline.layout import MAX_PAST
from stream.pipeline.scorer import NoScorer, Scorer
from stream.settings import Settings
from stream.worker.entities import EntityStore
from stream.worker.failover import Failover
from stream.worker.risk import RiskProcessor
from topics.columns import EVENT, PAST
from topics.errors import InputError
from topics.scores import Head, ScoreInput
from topics.vocabulary import REVIEW, REVIEWED

if TYPE_CHECKING:
    from model.scorer import ModelScorer

MANIFEST = "manifest.json"


def build_processor(
    settings: Settings, scorer: Scorer | None = None
) -> tuple[RiskProcessor, EntityStore]:
    """Return the processor, and the store of what users share that feeds it.

    ``scorer`` None is the model that the settings name.
    Raises InputError where policy or model are missing, damaged or do not fit.
    """
    entities = EntityStore(settings.visibility_lag_ms)
    scorer = scorer or build_scorer(settings)
    processor = RiskProcessor(
        build_decoder(
            settings, keeps_attributes=any(not field.of_event for field in scorer.fields)
        ),
        load_policy(settings.policy, settings.reason_language),
        scorer,
        entities,
        zone_ms=settings.zone_minutes * 60_000,
    )
    return processor, entities


def build_scorer(settings: Settings) -> Scorer:
    """Load the model that the settings name, or none where scoring is switched off."""
    if settings.scoring == "none":
        return NoScorer(N_FEATURES)
    import torch  # noqa: PLC0415 - takes seconds, and a worker without a model needs none of it

    from model.scorer import ModelScorer  # noqa: PLC0415

    torch.set_num_threads(settings.threads)
    folder = newest_model(settings.model_dir)
    scorer = ModelScorer.load(
        folder,
        settings.device,
        feature_names=NAMES,
        text_deadline_ms=settings.text_deadline_ms,
        engine=settings.text_engine,
    )
    if scorer.feature_version != FEATURE_VERSION:
        raise InputError(
            f"model {folder} reads feature table {scorer.feature_version}, this program has "
            f"{FEATURE_VERSION}; train it again"
        )

    rehearse(scorer)

    def prepare() -> None:
        torch.set_num_threads(settings.threads)  # each thread has its own number

    return Failover(scorer, settings.score_timeout_ms / 1000, prepare=prepare)


def rehearse(scorer: "ModelScorer") -> None:
    """Let a model answer and explain one made-up review, however long its loops take to compile.

    Asked first by a worker at work, it would be taken for one that hangs.
    """
    rows = np.zeros(1, EVENT)
    rows["type"], rows["step"], rows["text"], rows["amount"] = REVIEW, REVIEWED, 1, np.nan
    features = np.full((1, len(scorer.features)), np.nan, np.float32)
    x = ScoreInput(
        rows, features, np.zeros((1, MAX_PAST), PAST), np.ones(1, np.uint8), ["Fine, 好"]
    )
    scorer.score(x)
    scorer.score_by_forest(x)
    for head in get_args(Head):
        scorer.explain(x, np.zeros(1, np.int64), head)


def newest_model(folder: Path) -> Path:
    """Return ``folder`` if it is a model, else the last by name of the models in it.

    Raises InputError where there is none.
    """
    if (folder / MANIFEST).exists():
        return folder
    versions = sorted(p.parent for p in folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []
    if not versions:
        raise InputError(
            f"no model in {folder}; train one with `riskstream train`, or use --scoring none"
        )
    return versions[-1]
