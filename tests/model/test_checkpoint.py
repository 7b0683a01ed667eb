"""A training that ends in the middle goes on to the very model it would have made."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import model.descent
from model.checkpoint import NETWORK, Checkpoint, checkpoint_in, folder_beside
from model.recipe import Recipe
from model.rows import TrainingRows
from model.training import train
from tests.model.shop import NAMES, history
from topics.errors import InputError

RECIPE = Recipe(epochs=4, at_least_negatives=1500, patience=2)


class PowerCutError(Exception):
    """Ends a training as a kill would, between two instructions."""


class Cut(Checkpoint):
    """A checkpoint after whose n-th state of the network the power is gone."""

    def __init__(self, folder: Path, n: int) -> None:
        super().__init__(folder)
        self.left = n

    def keep_state(self, state: dict[str, Any], note: str) -> None:
        super().keep_state(state, note)
        self.left -= 1
        if not self.left:
            raise PowerCutError


def trained(out: Path, **changes: Any) -> dict[str, Any]:
    settings = {"feature_names": NAMES, "feature_version": "7", "recipe": RECIPE, **changes}
    train(history(1_500), out=out, progress=False, **settings)
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def weights(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.safetensors"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained at one go."""
    out = tmp_path_factory.mktemp("whole") / "model"
    trained(out)
    return out


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_model_is_the_same_to_the_byte_wherever_an_epochs_end_was_the_last_thing_kept(
    tmp_path: Path, whole: Path, n: int
) -> None:
    with pytest.raises(PowerCutError):
        trained(tmp_path / "model", checkpoint=Cut(tmp_path, n))
    assert not (tmp_path / "model").exists()
    told: list[str] = []
    trained(tmp_path / "model", checkpoint=Checkpoint(tmp_path, told.append))
    assert weights(tmp_path / "model") == weights(whole)
    assert not told


def test_within_an_epoch_states_are_kept_too_and_lead_to_the_same_model(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model.descent, "EVERY_S", -1.0)
    with pytest.raises(PowerCutError):
        trained(tmp_path / "model", checkpoint=Cut(tmp_path, 14))
    assert Checkpoint(tmp_path).told() == ["the network has had 1 whole epoch and a part"]
    trained(tmp_path / "model", checkpoint=Checkpoint(tmp_path))
    assert weights(tmp_path / "model") == weights(whole)


def test_two_cuts_are_no_worse_than_one(tmp_path: Path, whole: Path) -> None:
    for n in (1, 1):
        with pytest.raises(PowerCutError):
            trained(tmp_path / "model", checkpoint=Cut(tmp_path, n))
    trained(tmp_path / "model", checkpoint=Checkpoint(tmp_path))
    assert weights(tmp_path / "model") == weights(whole)


def test_a_network_that_had_stopped_improving_is_not_trained_on(tmp_path: Path) -> None:
    recipe = Recipe(epochs=9, at_least_negatives=1500, patience=0)
    with pytest.raises(PowerCutError):
        trained(tmp_path / "model", recipe=recipe, checkpoint=Cut(tmp_path, 1))
    training = trained(tmp_path / "model", recipe=recipe, checkpoint=Checkpoint(tmp_path))[
        "training"
    ]
    assert (training["ended_by"], training["epochs"]) == ("no_gain", 1)


def test_the_time_that_epochs_took_before_the_cut_counts_against_their_limit(
    tmp_path: Path,
) -> None:
    with pytest.raises(PowerCutError):
        trained(tmp_path / "model", checkpoint=Cut(tmp_path, 1))
    state = Checkpoint(tmp_path).state() or {}
    Checkpoint(tmp_path).keep_state({**state, "spent_s": 3_600.0}, "")
    training = trained(tmp_path / "model", max_seconds=1_800.0, checkpoint=Checkpoint(tmp_path))[
        "training"
    ]
    assert (training["ended_by"], training["whole_epochs"]) == ("time", 1)


def flipped(body: bytes) -> bytes:
    at = len(body) // 2
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


@pytest.mark.parametrize("harm", [flipped, lambda body: body[:-9], lambda _: b"", lambda _: b"[]"])
def test_a_damaged_state_is_told_in_one_sentence_and_the_network_trained_anew(
    tmp_path: Path, whole: Path, harm: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(PowerCutError):
        trained(tmp_path / "model", checkpoint=Cut(tmp_path, 2))
    path = tmp_path / NETWORK
    path.write_bytes(harm(path.read_bytes()))
    told: list[str] = []
    trained(tmp_path / "model", checkpoint=Checkpoint(tmp_path, told.append))
    (sentence,) = told
    assert sentence.startswith(f"{path} is damaged (")
    assert sentence.endswith("; the network is trained anew")
    assert weights(tmp_path / "model") == weights(whole)


def test_columns_are_made_once_and_made_again_where_they_are_damaged(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> TrainingRows:
        made.append(len(made))
        return history(50)

    told: list[str] = []
    checkpoint = Checkpoint(tmp_path, told.append)
    for _ in range(2):
        assert len(checkpoint.kept("rows", TrainingRows, make)) == 50
    assert (len(made), told) == (1, [])
    (tmp_path / "rows/label.npy").write_bytes(b"")
    for _ in range(2):
        assert len(checkpoint.kept("rows", TrainingRows, make)) == 50
    assert len(made) == 2
    assert told == [f"{tmp_path}/rows/label.npy is not what was written: damaged; "
                    "this part is done anew"]  # fmt: skip


def test_what_cannot_be_kept_is_told_and_the_training_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    checkpoint = Checkpoint(tmp_path / "gone", told.append)
    assert len(checkpoint.kept("rows", TrainingRows, lambda: history(50))) == 50
    checkpoint.keep_state({}, "nothing")
    assert [sentence.split(":")[0] for sentence in told] == [
        f"cannot keep {tmp_path}/gone/rows", f"cannot keep {tmp_path}/gone/{NETWORK}",
    ]  # fmt: skip


@contextmanager
def begun(folder: Path, key: str, told: list[str]) -> Iterator[Checkpoint]:
    """A training under way, which a kill ends."""
    folder.mkdir(exist_ok=True)
    with suppress(PowerCutError), checkpoint_in(folder, lambda: key, told.append) as checkpoint:
        yield checkpoint
        raise PowerCutError


def test_the_same_training_goes_on_and_another_begins_anew_and_both_are_said(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    folder = tmp_path / "model.partial"
    with begun(folder, "one", told) as checkpoint:
        checkpoint.keep_state({"steps": 7}, "the network has had 3 whole epochs")
        checkpoint.kept("rows", TrainingRows, lambda: history(50))
    kept = f"what is done is kept in {folder}; the same command goes on from there"
    assert told == [kept]
    told.clear()
    with begun(folder, "one", told) as checkpoint:
        assert checkpoint.state() == {"steps": 7}
    assert told == [f"going on with the training in {folder}: the history is replayed, "
                    "the network has had 3 whole epochs", kept]  # fmt: skip
    told.clear()
    with begun(folder, "two", told) as checkpoint:
        assert checkpoint.state() is None
        assert not (folder / "rows").exists()
    assert told == [f"{folder} holds a training with other inputs, settings or program; "
                    "starting anew"]  # fmt: skip


def test_the_folder_goes_when_the_training_is_done_or_has_kept_nothing(tmp_path: Path) -> None:
    folder = folder_beside(tmp_path / "model")
    assert folder == tmp_path / "model.partial"
    with checkpoint_in(folder, lambda: "one", print) as checkpoint:
        checkpoint.keep_state({}, "done")
        assert folder.is_dir()
    assert not folder.exists()
    with begun(folder, "one", []):
        pass
    assert not folder.exists()


def test_two_trainings_of_one_model_do_not_mix(tmp_path: Path) -> None:
    folder = folder_beside(tmp_path / "model")
    with (
        checkpoint_in(folder, lambda: "one", print) as first,
        pytest.raises(InputError, match=r"another process writes to .*; wait for it"),
        checkpoint_in(folder, lambda: "one", print),
    ):
        pass
    assert first.told() == []
