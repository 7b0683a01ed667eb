"""Parts of a batch, one after another or in several processes, learn what one part learns."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.checkpoint import Checkpoint
from model.compute import HERE, PRECISIONS, Compute
from model.fitting import _start, _untrained, fit_network
from model.guessing import Guesser
from model.inputs import WITH_VECTOR, TextVectors
from model.pretraining import Pretraining
from model.ranks import Ranks, joined
from model.recipe import Recipe
from model.slices import cut
from model.transformer import EventTransformer
from tests.model.rankedrun import RECIPE, TORCHRUN, fitted, shop, weights
from tests.model.shop import history
from topics.errors import InputError

ROWS = 301


def texts_of(n: int) -> TextVectors:
    rng = np.random.default_rng(3)
    kind = np.where(rng.random(n) < 0.3, WITH_VECTOR, 0).astype(np.uint8)
    return TextVectors(kind, rng.integers(0, 50, n), rng.normal(size=(50, 8)).astype(np.float32))


def gradients(compute: Compute, recipe: Recipe, *, pretraining: bool) -> dict[str, Tensor]:
    """The gradient of one batch, as one process comes to it."""
    rows = shop()
    texts = texts_of(len(rows))
    torch.manual_seed(0)
    network, bins = _untrained(rows, texts, recipe, EventTransformer, None)
    of: nn.Module = network
    losses: Iterator[Tensor]
    index = np.random.default_rng(1).permutation(len(rows))[:ROWS]
    if pretraining:
        of = Guesser(network)
        under_way = Pretraining.of(of, bins, rows.x, texts, recipe, 0, Checkpoint(), compute)
        losses = under_way._losses(index)
    else:
        run = _start(network, bins, rows, texts, recipe, 0.0, 0, Checkpoint(), compute)
        losses = run._losses(index)
    torch.manual_seed(1)
    for value in losses:
        value.backward()  # type: ignore[no-untyped-call]
    found = ((name, weight.grad) for name, weight in of.named_parameters())
    return {name: gradient for name, gradient in found if gradient is not None}


@pytest.mark.parametrize(
    ("recipe", "pretraining"),
    [(replace(RECIPE, adversarial=0.0), False), (RECIPE, False), (RECIPE, True)],
    ids=["epochs", "adversarial", "pretraining"],
)
def test_the_gradients_of_parts_add_up_to_that_of_the_batch(
    recipe: Recipe, pretraining: bool
) -> None:
    whole = gradients(HERE, recipe, pretraining=pretraining)
    assert len(whole) > 20
    in_parts = gradients(Compute(accumulate=4), recipe, pretraining=pretraining)
    everyone = [
        gradients(Compute(accumulate=2, ranks=Ranks(rank, 3)), recipe, pretraining=pretraining)
        for rank in range(3)
    ]
    summed = {name: sum(each[name] for each in everyone if name in each) for name in whole}
    for found in (in_parts, summed):
        assert found.keys() == whole.keys()
        for name, gradient in whole.items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize(("n", "n_ranks", "accumulate"), [(10, 3, 2), (2, 3, 4), (0, 2, 1)])
def test_every_row_of_a_batch_is_taken_once(n: int, n_ranks: int, accumulate: int) -> None:
    taken = [
        row
        for rank in range(n_ranks)
        for at in Compute(accumulate=accumulate, ranks=Ranks(rank, n_ranks)).parts(n)
        for row in range(n)[at]
    ]
    assert taken == list(range(n))


def test_a_training_in_parts_comes_to_nearly_the_same_weights() -> None:
    whole, parts = fitted(), fitted(compute=Compute(accumulate=3))
    assert parts.log["steps"] == whole.log["steps"]
    assert parts.log["validation"] == pytest.approx(whole.log["validation"], abs=0.02)
    assert parts.log["computed"] == {
        "device": "cpu", "precision": "float32", "processes": 1, "accumulate": 3,
    }  # fmt: skip
    assert "computed" not in whole.log
    for one, other in zip(weights(whole).values(), weights(parts).values(), strict=True):
        torch.testing.assert_close(one.float(), other.float(), rtol=0, atol=2e-3)


def test_bfloat16_learns_on_the_processor_while_weights_stay_in_float32() -> None:
    rows, recipe = history(3_000), replace(RECIPE, epochs=4, pretrain_epochs=2)
    found = []
    for precision in PRECISIONS:
        how, texts = replace(recipe, precision=precision), texts_of(len(rows))
        found.append(
            fit_network(
                rows, texts, cut(rows.time_ms, rows.user), how, seed=0, report=lambda *_: None
            )
        )
    exact, rounded = (max(of.log["validation"]) for of in found)
    assert exact > 0.3
    assert rounded == pytest.approx(exact, rel=0.1)
    losses = [of.log["pretraining_loss"] for of in found]
    assert losses[1] == pytest.approx(losses[0], rel=0.01)
    assert losses[1] != losses[0]
    assert {weight.dtype for weight in found[1].network.parameters()} == {torch.float32}


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes made of four trainings."""
    out = tmp_path_factory.mktemp("ranked") / "out"
    subprocess.run(  # its output is in pytest's report
        [*TORCHRUN, "2", "-m", "tests.model.rankedrun", "cpu", str(out)], check=True, timeout=300
    )
    return out


def test_two_processes_learn_what_one_does(ranked: Path) -> None:
    found = torch.load(ranked / "weights.pt")["exact"]
    for compute, atol in ((Compute(accumulate=2), 1e-6), (HERE, 2e-3)):
        for name, weight in weights(fitted(compute=compute)).items():
            torch.testing.assert_close(found[name], weight, rtol=0, atol=atol)


def test_a_killed_training_goes_on_in_as_many_processes_to_the_same_and_in_others_as_well(
    ranked: Path,
) -> None:
    found = torch.load(ranked / "weights.pt")
    for name, weight in found["whole"].items():
        assert torch.equal(found["again"][name], weight), name
    assert Checkpoint(ranked / "exact/photo").told() == ["the network has had 1 whole epoch"]
    alone = fitted(RECIPE, Checkpoint(ranked / "exact/photo"), Compute(accumulate=2))
    for name, weight in weights(alone).items():
        torch.testing.assert_close(found["exact"][name], weight, rtol=0, atol=1e-6)


def test_time_that_runs_out_for_the_first_process_ends_them_all(ranked: Path) -> None:
    assert json.loads((ranked / "log.json").read_bytes())["ended_by"] == "time"


def test_without_torchrun_a_process_is_alone_and_a_device_must_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with joined("cpu") as ranks:
        assert (ranks.n, ranks.leads, ranks.agreed("said")) == (1, True, "said")
    monkeypatch.setattr(torch, "cuda", SimpleNamespace(is_available=lambda: False))
    with pytest.raises(InputError, match="device cuda is not there; use cpu"), joined("cuda"):
        pass
