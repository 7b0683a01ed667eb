"""Figures of a training as TensorBoard's own reader finds them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model.checkpoint import Checkpoint
from model.fitting import fit_network
from model.inputs import without_vectors
from model.recipe import Recipe
from model.rows import TrainingRows
from model.scalars import recording
from model.slices import cut
from tests.model.shop import history
from tests.model.test_checkpoint import Cut, PowerCutError
from topics.errors import InputError

RECIPE = Recipe(epochs=3, at_least_negatives=600, pretrain_epochs=2, d=16, layers=1)
Read = Callable[[Path], dict[str, list[tuple[int, float]]]]


@pytest.fixture
def read() -> Read:
    """The figures of a folder by name, each with its epoch."""
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def figures(folder: Path) -> dict[str, list[tuple[int, float]]]:
        found = events.EventAccumulator(str(folder)).Reload()
        return {
            name: [(event.step, event.value) for event in found.Scalars(name)]
            for name in found.Tags()["scalars"]
        }

    return figures


def logged(rows: TrainingRows, folder: Path, checkpoint: Checkpoint) -> dict[str, list[float]]:
    with recording(folder) as scalars:
        return fit_network(
            rows, without_vectors(rows.x.rows), cut(rows.time_ms, rows.user), RECIPE, seed=0,
            report=lambda *_: None, checkpoint=checkpoint, scalars=scalars,
        ).log  # fmt: skip


def test_the_event_file_holds_the_figures_of_every_epoch(tmp_path: Path, read: Read) -> None:
    log = logged(history(1_500), tmp_path / "new" / "logs", Checkpoint())
    found = read(tmp_path / "new" / "logs")
    assert set(found) == {
        "loss/training", "learning_rate", "validation/average_precision", "loss/pretraining",
    }  # fmt: skip
    for name, key in {
        "validation/average_precision": "validation", "loss/pretraining": "pretraining_loss",
    }.items():  # fmt: skip
        values = [(at, pytest.approx(value)) for at, value in enumerate(log[key], 1)]
        assert found[name] == values
    losses = [value for _, value in found["loss/training"]]
    assert losses[2] < losses[1] < losses[0]
    n_steps = log["steps"]
    rates = [1e-3 * min(1, n_steps * epoch / 3 / 50) for epoch in (1, 2, 3)]  # type: ignore[operator]
    assert [value for _, value in found["learning_rate"]] == pytest.approx(rates)


def test_with_too_few_frauds_the_loss_on_validation_is_told(tmp_path: Path, read: Read) -> None:
    rows = history(600)
    rows.label[:] = -1
    log = logged(rows, tmp_path, Checkpoint())
    values = [(at, pytest.approx(-value)) for at, value in enumerate(log["validation"], 1)]
    assert read(tmp_path)["validation/loss"] == values


def test_a_training_that_goes_on_after_a_kill_is_one_curve(tmp_path: Path, read: Read) -> None:
    rows = history(900)
    with pytest.raises(PowerCutError):
        logged(rows, tmp_path / "logs", Cut(tmp_path, 3))
    logged(rows, tmp_path / "logs", Checkpoint(tmp_path))
    logged(rows, tmp_path / "whole", Checkpoint())
    merged: dict[str, list[tuple[int, float]]] = {}
    for path in sorted((tmp_path / "logs").iterdir()):
        for name, values in read(path).items():
            merged.setdefault(name, []).extend(values)
    assert merged == read(tmp_path / "whole")


def test_a_missing_extra_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorboard", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    said = "is not installed; install riskstream\\[tensorboard\\]"
    with pytest.raises(InputError, match=said), recording(tmp_path / "logs"):
        pass
    assert not (tmp_path / "logs").exists()
