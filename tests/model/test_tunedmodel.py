"""A model with an encoder of its own: trained, moved, resumed, damaged and exported."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model import artifact, finetuning, phrasenet, training
from model.checkpoint import Checkpoint
from model.engine import WEIGHTS
from model.export import export_of
from model.inputs import TextVectors
from model.recipe import Recipe
from model.rows import take
from model.scorer import ModelScorer
from model.slices import cut
from model.teaching import FineTuning
from model.text import TextEncoder
from tests.model.pairs import pairs, rows_of
from tests.model.shop import NAMES
from tests.model.smallencoder import small_encoder
from topics.errors import InputError

HOW = FineTuning("lora", epochs=8, patience=8, learning_rate=1e-2)
ROWS = rows_of(pairs(1_000, 0))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A name that asks for a prefix."""
    return small_encoder(tmp_path_factory.mktemp("encoder") / "tiny-e5")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the training of `folder` keeps."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def folder(base: Path, kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, moved, and whose base is not there any more."""
    at = tmp_path_factory.mktemp("models")
    own = at / "own" / base.name
    shutil.copytree(base, own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrasenet, "MIN_STEPS", 0)  # few texts are not gone through more often
        training.train(
            ROWS, out=at / "first", base_text=str(own), checkpoint=Checkpoint(kept), progress=False,
            feature_names=NAMES, feature_version="7", recipe=Recipe(epochs=1), fine_tune=HOW,
        )  # fmt: skip
    (at / "elsewhere").mkdir()
    (at / "first").rename(at / "elsewhere/model")
    shutil.rmtree(own)
    return at / "elsewhere/model"


def test_a_model_holds_its_encoder_and_says_what_it_gained(folder: Path) -> None:
    manifest = artifact.load(folder).manifest
    told = manifest["fine_tuning"]
    assert (told["kept"], told["way"], told["n_texts"]) == ("tuned", "lora", 720)
    assert told["held_out"]["tuned"]["log_loss"] < told["held_out"]["frozen"]["log_loss"]
    own = {path.name for path in (folder / "encoder").iterdir()}
    assert own == {"config.json", "model.safetensors", "tokenizer.json"}
    assert manifest["files"].keys() >= {f"encoder/{name}" for name in own}
    assert manifest["text"]["sha256"] == manifest["files"][f"encoder/{WEIGHTS}"]
    assert manifest["fine_tuning_seconds"] > 0


def test_it_scores_where_it_was_moved_by_the_vectors_it_was_trained_on(
    folder: Path, kept: Path
) -> None:
    scorer = ModelScorer.load(folder)
    (path,) = kept.glob("texts-*")
    found = Checkpoint(kept).kept(path.name, TextVectors, lambda: pytest.fail("not kept"))
    rows = ROWS.by_time()
    at = np.arange(0, 1_000, 7)
    texts = [rows.x.texts[i] or "" for i in at.tolist()]
    assert scorer.encoder is not None
    vectors, _ = scorer.encoder.encode(texts, rows.x.rows["text"][at])
    np.testing.assert_allclose(vectors, found.vectors[found.at[at]], atol=1e-6)
    other, _ = TextEncoder.load(str(folder / "encoder"), prefix="").encode(texts, range(len(at)))
    assert np.abs(other - vectors).max() > 0.01, "the prefix belongs to the encoder"
    p = ModelScorer.load(folder).score(ROWS.x).p_fraud
    np.testing.assert_allclose(scorer.score(take(ROWS.x, at)).p_fraud, p[at], atol=1e-6)


def test_a_training_that_goes_on_after_a_kill_takes_the_fine_tuning_that_was_done(
    folder: Path, base: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(kept)
    assert checkpoint.told() == [
        "the text encoder is fine-tuned", "the network has had 1 whole epoch",
    ]  # fmt: skip
    monkeypatch.setattr(finetuning, "fine_tune", lambda *args, **how: pytest.fail("done again"))
    rows = ROWS.by_time()
    found = finetuning.tuned_encoder(
        rows, cut(rows.time_ms, rows.user), str(base), HOW, 20_000, seed=0,
        report=lambda *told: None, checkpoint=checkpoint,
    )  # fmt: skip
    assert found.weights is not None
    assert found.weights.tobytes() == (folder / "encoder" / WEIGHTS).read_bytes()
    assert found.told == artifact.load(folder).manifest["fine_tuning"]


def test_a_damaged_encoder_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "model")
    path = tmp_path / "model/encoder" / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(InputError, match=r"encoder/model\.safetensors is damaged"):
        ModelScorer.load(tmp_path / "model")
    path.unlink()
    with pytest.raises(InputError, match=r"encoder/model\.safetensors is missing"):
        ModelScorer.load(tmp_path / "model")


def test_it_is_exported_with_the_prefix_of_its_base(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    export_of(folder, tmp_path)
    exact, int8 = ModelScorer.load(folder), ModelScorer.load(folder, engine=str(tmp_path))
    away = np.abs(exact.score(ROWS.x).p_fraud - int8.score(ROWS.x).p_fraud)
    assert away.max() < 0.1
    told = json.loads((tmp_path / "export.json").read_text())
    assert told["prefix"] == "query: "


def test_without_an_encoder_there_is_nothing_to_fine_tune(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no text encoder to fine-tune"):
        training.train(
            ROWS, out=tmp_path / "m", progress=False, feature_names=NAMES, feature_version="7",
            fine_tune=HOW,
        )  # fmt: skip
