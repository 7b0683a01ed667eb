"""A small simulated shop, for the tests of commands that read its history."""

from pathlib import Path

import pytest

from topics.simulator import SimulatorConfig, write_folder
from topics.simulator.config import DAY_MS

CONFIG = SimulatorConfig(users=80, days=42, seed=4, fraud_share=0.15)
START = CONFIG.start_ms + 34 * DAY_MS
"""From here on there is enough before every event to report it."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the shop's files."""
    folder = tmp_path_factory.mktemp("shop")
    write_folder(CONFIG, folder)
    return folder
