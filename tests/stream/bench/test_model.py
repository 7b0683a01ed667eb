"""The benchmark of a model on a small shop with a small encoder, and its arithmetic."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from model.training import train
from stream.bench.model import ModelPlan, _differences, bench_engines
from stream.cli import main
from stream.pipeline.features import FEATURE_VERSION, NAMES
from tests.model.shop import history
from tests.model.smallencoder import small_encoder
from tests.stream.smallmodel import QUICK, small_model
from topics.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reads texts."""
    at = tmp_path_factory.mktemp("model")
    rows = history(2_000)
    review = rows.x.rows["type"] == 2
    columns = np.resize(rows.x.features.T, (len(NAMES), len(rows))).T
    texts = [f"number {i % 50} of many texts" if there else None for i, there in enumerate(review)]
    rows.x.rows["text"] = np.where(review, np.arange(len(rows)) % 50 + 1, 0)
    x = dataclasses.replace(rows.x, features=np.ascontiguousarray(columns), texts=texts)
    return train(
        dataclasses.replace(rows, x=x), feature_names=NAMES, feature_version=FEATURE_VERSION,
        base_text=str(small_encoder(at / "encoder")), out=at / "model", progress=False,
        recipe=QUICK,
    )  # fmt: skip


@pytest.mark.slow
def test_it_prints_every_figure_of_every_engine(folder, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    words = ["bench", "model", "--json", "--events", "500", "--model", str(folder)]
    assert main([*words, "--cache", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    engines = {"float32", "bfloat16", "int8"}
    for name in ("engines", "bare", "ratio_to_bare", "engines_by_clock"):
        assert found[name].keys() == engines
        assert all(value > 0 for value in found[name].values())
    for name in ("max_difference", "p999_difference", "changed_actions"):
        assert found[name].keys() == engines - {"float32"}
    for name, most in found["max_difference"].items():
        assert 0 < found["p999_difference"][name] <= most < 0.1
    assert 1 < found["event_transformer_us"] < 1_000
    assert (found["events"], found["event_transformer_batch"]) == (500, 1_024)
    assert 0 < found["texts"] <= 500


def test_export_writes_a_folder_that_a_worker_can_name(folder, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    out = tmp_path / "int8"
    assert main(["export", str(folder), "--out", str(out)]) == 0
    assert f"RISKSTREAM_TEXT_ENGINE={out}" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {
        "encoder.onnx", "tokenizer.json", "export.json",
    }  # fmt: skip
    assert main(["export", str(folder), "--out", str(out)]) == 2
    other = small_encoder(tmp_path / "other")
    weights = other / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    again = ["export", str(folder), "--base", str(other), "--out", str(tmp_path / "again")]
    assert main(again) == 2
    assert "is not the one that model" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_model_without_text_encoder_has_nothing_to_compare_or_export(tmp_path, capsys):
    model = small_model(tmp_path / "model")
    with pytest.raises(InputError, match="without a text encoder"):
        bench_engines(ModelPlan(cache=tmp_path, model=model))
    assert main(["export", str(model), "--out", str(tmp_path / "int8")]) == 2
    assert "nothing to export" in capsys.readouterr().err


def test_differences_are_taken_from_the_first_engine():
    actions = np.array([0, 0, 1, 2], np.uint8)
    exact = np.array([0.1, 0.2, 0.3, 0.9]), actions
    other = np.array([0.1, 0.2, 0.25, 0.9]), np.array([0, 0, 0, 2], np.uint8)
    found = _differences({"float32": exact, "int8": other})
    assert found["max_difference"] == {"int8": pytest.approx(0.05)}
    assert found["p999_difference"]["int8"] < found["max_difference"]["int8"]
    assert found["changed_actions"] == {"int8": 0.25}
    assert found["actions_but_allow"] == 2
