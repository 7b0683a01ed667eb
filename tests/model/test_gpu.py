"""What only a machine with CUDA can say: `pytest -m gpu tests/model`."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.checkpoint import Checkpoint
from model.compute import PRECISIONS, Compute
from model.finetuning import fine_tune
from model.flight import Answer, one_behind, sent
from model.scorer import ModelScorer
from model.teaching import FineTuning
from model.text import TextEncoder
from tests.model.pairs import pairs
from tests.model.rankedrun import RECIPE, TORCHRUN, fitted, weights
from tests.model.shop import history
from tests.model.smallencoder import WORDS, small_encoder

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
]
CUDA = torch.device("cuda")


def test_batches_in_flight_do_not_overwrite_each_other() -> None:
    arrays = [np.full((1 << 20,), number, np.float32) for number in range(20)]
    started = ((number, Answer(sent(array, CUDA) * 2)) for number, array in enumerate(arrays))
    for number, found in one_behind(started):
        np.testing.assert_array_equal(found, arrays[number] * 2)


def test_an_empty_array_arrives() -> None:
    assert sent(np.zeros((0, 4), np.float32), CUDA).shape == (0, 4)


def test_cuda_and_the_processor_give_nearly_the_same_scores(folder: Path) -> None:
    x = history(5_000, seed=3).x
    here, there = (ModelScorer.load(folder, device).score(x) for device in ("cpu", "cuda"))
    away = np.abs(here.p_fraud - there.p_fraud)
    assert np.quantile(away, 0.999) <= 0.02
    np.testing.assert_array_equal(here.anomaly, there.anomaly)
    assert not there.degraded.any()


def test_cuda_explains_as_the_processor_does(folder: Path) -> None:
    x, rows = history(500, seed=4).x, np.arange(20)
    here, there = (ModelScorer.load(folder, device).explain(x, rows) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(here, there, atol=0.05)


def test_texts_on_cuda_are_nearly_those_of_the_processor(tmp_path: Path) -> None:
    base = str(small_encoder(tmp_path / "small"))
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, n)) for n in rng.integers(1, 60, 1_000)]
    exact, _ = TextEncoder.load(base).encode(texts, range(1_000))
    for engine, least in (("float32", 1 - 1e-4), ("auto", 0.997)):
        encoder = TextEncoder.load(base, device="cuda", engine=engine)
        found, known = encoder.encode(texts, range(1_000))
        assert known.all()
        assert (found * exact).sum(1).min() >= least
        _, known = encoder.encode(["never seen"], [1_001], deadline_s=0.0)
        assert not known.any()


def test_the_encoder_learns_on_cuda(tmp_path: Path) -> None:
    how = FineTuning("lora", epochs=8, patience=8, learning_rate=1e-2)
    base = str(small_encoder(tmp_path / "small"))
    found = fine_tune(
        base, pairs(1_000, 0), pairs(200, 1), how, seed=0, report=lambda *told: None,
        device="cuda",
    )  # fmt: skip
    assert found.told["held_out"]["tuned"]["log_loss"] < 0.4
    assert found.load().width == 64


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_network_learns_on_cuda_what_it_learns_on_the_processor(precision: str) -> None:
    here, there = fitted(), fitted(
        replace(RECIPE, precision=precision), compute=Compute(CUDA, accumulate=2)
    )  # fmt: skip
    assert there.log["steps"] == here.log["steps"]
    assert there.log["computed"]["device"] == "cuda"
    found, losses = ([of.log[name] for of in (here, there)] for name in
                     ("validation", "pretraining_loss"))  # fmt: skip
    assert found[1] == pytest.approx(found[0], abs=0.05)
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert {weight.device.type for weight in there.network.parameters()} == {"cpu"}


def test_the_processes_of_all_cuda_devices_learn_what_the_processor_does(tmp_path: Path) -> None:
    out, n = tmp_path / "out", torch.cuda.device_count()
    subprocess.run(
        [*TORCHRUN, str(n), "-m", "tests.model.rankedrun", "cuda", str(out)],
        check=True, timeout=600,
    )  # fmt: skip
    found = torch.load(out / "weights.pt")
    for name, weight in weights(fitted()).items():
        torch.testing.assert_close(found["exact"][name], weight, rtol=0, atol=5e-3)
    for name, weight in found["whole"].items():
        torch.testing.assert_close(found["again"][name], weight, rtol=0, atol=5e-3)
    # What a device has kept goes on without it.
    alone = fitted(RECIPE, Checkpoint(out / "exact/photo"))
    for name, weight in weights(alone).items():
        torch.testing.assert_close(found["exact"][name], weight, rtol=0, atol=5e-3)
