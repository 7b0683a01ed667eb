import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model import artifact
from model.scorer import ModelScorer
from tests.model.shop import NAMES
from topics.errors import InputError


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_the_folder_holds_no_pickle_and_a_hash_of_every_file(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    there = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert there == set(manifest["files"])
    assert {path.suffix for path in folder.iterdir()} == {".safetensors", ".json"}


@pytest.mark.parametrize("name", ["network", "forest", "calibration", "inputs"])
def test_a_changed_byte_is_found(copy: Path, name: str) -> None:
    path = copy / f"{name}.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{name}.* is damaged"):
        ModelScorer.load(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "forest.safetensors").unlink()
    with pytest.raises(InputError, match=r"forest\.safetensors is missing"):
        ModelScorer.load(copy)


def test_a_changed_manifest_is_found(copy: Path) -> None:
    path = copy / "manifest.json"
    path.write_text(path.read_text().replace('"feature_1"', '"feature_x"'))
    with pytest.raises(InputError, match="was changed"):
        ModelScorer.load(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_broken_manifest_is_an_input_error(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json"):
        ModelScorer.load(copy)


def test_a_folder_without_model_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model folder: .* is missing; train a model with"):
        ModelScorer.load(tmp_path)
    with pytest.raises(InputError, match="nowhere does not exist; train a model with"):
        ModelScorer.load(tmp_path / "nowhere")


def test_other_features_are_refused_by_name(folder: Path) -> None:
    with pytest.raises(InputError, match="new_one"):
        ModelScorer.load(folder, feature_names=[*NAMES[:-1], "new_one"])
    with pytest.raises(InputError, match="order"):
        ModelScorer.load(folder, feature_names=NAMES[::-1])


def test_a_model_fills_an_empty_folder_which_may_be_a_mount(tmp_path: Path) -> None:
    manifest = dict.fromkeys(("name", "feature_version", "features", "shape", "heads"), "x")
    out = tmp_path / "m"
    out.mkdir()
    before = out.stat().st_ino
    artifact.save(out, manifest, {"a": {"x": np.zeros(3)}})
    assert out.stat().st_ino == before
    assert artifact.load(out).arrays["a"]["x"].tolist() == [0, 0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m"]


def test_a_model_is_replaced_but_nothing_else(tmp_path: Path) -> None:
    manifest = dict.fromkeys(("name", "feature_version", "features", "shape", "heads"), "x")
    one = artifact.save(tmp_path / "m", manifest, {"a": {"x": np.zeros(3)}})
    two = artifact.save(tmp_path / "m", manifest, {"a": {"x": np.ones(3)}})
    assert one != two
    assert artifact.load(tmp_path / "m").arrays["a"]["x"].tolist() == [1, 1, 1]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="no model folder"):
        artifact.save(tmp_path / "mine", manifest, {})
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "mine"]
