"""One thread, and one small trained model for all tests of this folder."""

from pathlib import Path

import pytest
import torch

from model.recipe import Recipe
from model.training import train
from tests.model.shop import NAMES, history

SHORT = Recipe(epochs=5, at_least_negatives=8000)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on 12,000 events."""
    out = tmp_path_factory.mktemp("models") / "small"
    return train(
        history(12_000), feature_names=NAMES, feature_version="7", out=out, progress=False,
        recipe=SHORT,
    )  # fmt: skip
