"""A model that is trained in seconds."""

import dataclasses
from pathlib import Path

import numpy as np
import torch

from model.recipe import Recipe
from model.training import train
from stream.pipeline.features import FEATURE_VERSION, NAMES
from tests.model.shop import answered, history

QUICK = Recipe(epochs=1, steps_per_epoch=10, batch=256, at_least_negatives=500)


def small_model(out: Path) -> Path:
    """Train one that has learned little, but reads all features and has all its parts."""
    torch.set_num_threads(1)
    rows = history(2_000)
    columns = np.resize(rows.x.features.T, (len(NAMES), len(rows))).T
    x = dataclasses.replace(rows.x, features=np.ascontiguousarray(columns))
    return train(
        dataclasses.replace(rows, x=x, asked=answered(1_000)), feature_names=NAMES,
        feature_version=FEATURE_VERSION, out=out, progress=False, recipe=QUICK,
    )  # fmt: skip
