"""A model that is trained in seconds."""

import dataclasses
from pathlib import Path

import numpy as np
import torch

from model.asked import Asked
from model.habits import AT
from model.habits import NAMES as HABITS
from model.recipe import Recipe
from model.training import train
from stream.pipeline.features import FEATURE_VERSION, NAMES
from tests.model.shop import history

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


def answered(n: int) -> Asked:
    """Return questions about users who spend about what they spent before."""
    rng = np.random.default_rng(0)
    habits = rng.lognormal(3, 1, (n, len(HABITS))).astype(np.float32)
    spend = habits[:, AT["net_one"]] * rng.lognormal(0, 0.3, n).astype(np.float32)
    user = rng.integers(0, 2**63, 300, dtype=np.uint64)[rng.integers(0, 300, n)]
    return Asked(habits, spend, user, np.arange(n))
