"""After the warm-up a worker compiles nothing any more."""

import subprocess
import sys

import numpy as np
import orjson
import pytest

from stream.settings import Settings
from stream.warm import _Memory, warm_up
from stream.worker.build import build_processor
from stream.worker.entities import ENTITY
from tests.stream.compiling import batches_of
from tests.stream.smallmodel import small_model
from topics.simulator import Shop, SimulatorConfig


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(small_model(tmp_path_factory.mktemp("models") / "small"))


def compiled_late(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.stream.compiling", *arguments],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = orjson.loads(done.stdout.splitlines()[-1])
    assert found["compiled"] > 4
    return found["late"]


def test_after_the_warm_up_real_batches_compile_nothing():
    assert compiled_late("started") == {}


def test_the_same_with_a_model(model):
    assert compiled_late("started", model) == {}


def test_after_an_installation_the_start_compiles_nothing(model):
    assert compiled_late("installed", model) == {}


def test_the_warm_up_leaves_nothing_behind():
    processor, links = build_processor(Settings(scoring="none"))
    warm_up(processor, links)
    asked = []

    class Watched(_Memory):
        def __init__(self):
            super().__init__()
            self.values[ENTITY + bytes(8)] = b""  # of an empty one, nothing is asked

        def get_many(self, keys):
            asked.extend(keys)
            return super().get_many(keys)

    links.open(Watched())
    with Shop(SimulatorConfig(users=5, days=5, seed=5)) as shop:
        batch = next(batches_of(shop))
    prepared = processor.read([batch])
    processor.run(prepared, [None] * len(prepared.keys), np.full((len(prepared.keys), 4), -1))
    assert asked
