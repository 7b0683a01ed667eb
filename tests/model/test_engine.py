"""Every engine on one small encoder: the same texts, about the same vectors."""

from pathlib import Path

import numpy as np
import pytest

from model.base import folder_of
from model.engine import DTYPES, padded
from model.export import export, exported
from model.text import TextEncoder, Vectors
from tests.model.smallencoder import WORDS, small_encoder
from topics.errors import InputError

RNG = np.random.default_rng(0)
TEXTS = [" ".join(RNG.choice(WORDS, n)) for n in RNG.integers(1, 60, 300)]
FARTHEST = {"float32": 0.0, "bfloat16": 0.003, "int8": 0.005}
"""Least cosine between an engine's vector and float32's, below 1."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_encoder(tmp_path_factory.mktemp("encoder") / "small")


@pytest.fixture(scope="module")
def int8(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnxruntime")
    out = tmp_path_factory.mktemp("int8")
    export(folder, out, base=str(folder), prefix="")
    return out


@pytest.fixture(scope="module", params=[*DTYPES, "int8"])
def named(request: pytest.FixtureRequest, folder: Path, int8: Path) -> tuple[str, TextEncoder]:
    engine = str(int8) if request.param == "int8" else request.param
    return request.param, TextEncoder.load(str(folder), engine=engine)


@pytest.fixture(scope="module")
def exact(folder: Path) -> Vectors:
    return TextEncoder.load(str(folder)).encode(TEXTS, range(len(TEXTS)))[0]


def test_every_engine_gives_nearly_the_vectors_of_float32(
    named: tuple[str, TextEncoder], exact: Vectors
) -> None:
    name, encoder = named
    found, known = encoder.encode(TEXTS, range(len(TEXTS)))
    assert known.all()
    assert (found * exact).sum(1).min() >= 1 - FARTHEST[name] - 1e-6
    assert (exact @ exact.T).min() < 0.95, "the texts must differ for this to say anything"


def test_a_vector_of_float32_and_of_int8_does_not_depend_on_its_neighbours(
    named: tuple[str, TextEncoder],
) -> None:
    name, encoder = named
    together, _ = encoder.encode(TEXTS, range(1000, 1000 + len(TEXTS)))
    some = range(0, len(TEXTS), 10)
    alone = [encoder.encode([TEXTS[i]], [2000 + i])[0][0] for i in some]
    limit = 0.02 if name == "bfloat16" else 1e-6
    np.testing.assert_allclose(together[::10], alone, atol=limit)


def test_batches_hold_texts_of_one_length_and_each_text_once(
    named: tuple[str, TextEncoder],
) -> None:
    _, encoder = named
    batches = list(encoder.batches(dict(enumerate(TEXTS))))
    assert sorted(key for keys, _ in batches for key in keys) == list(range(len(TEXTS)))
    sizes = [[len(row) for row in tokens] for _, tokens in batches]
    assert all(len(part) <= 64 and len(part) * max(part) <= 2048 for part in sizes)
    assert all(len(part) * max(part) - sum(part) <= encoder.engine.pass_tokens for part in sizes)


def test_padding_is_masked() -> None:
    batch = padded([[5, 6], [7], [8, 9, 10]], 1)
    assert batch.ids.tolist() == [[5, 6, 1], [7, 1, 1], [8, 9, 10]]
    assert batch.mask.tolist() == [[1, 1, 0], [1, 0, 0], [1, 1, 1]]


def test_a_damaged_export_is_refused(int8: Path, tmp_path: Path) -> None:
    for path in int8.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "encoder.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    with pytest.raises(InputError, match=r"encoder\.onnx is damaged"):
        exported(tmp_path)


def test_what_is_no_engine_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither auto, float32 nor bfloat16, nor a folder"):
        TextEncoder.load(str(folder), engine="int4")
    with pytest.raises(InputError, match="is no encoder of `riskstream export`"):
        TextEncoder.load(str(folder), engine=str(tmp_path))
    with pytest.raises(InputError, match="is for the processor, not for cuda"):
        TextEncoder.load(str(folder), engine=str(tmp_path), device="cuda")


def test_an_int8_encoder_of_other_weights_than_the_models_is_refused(
    folder: Path, int8: Path
) -> None:
    encoder = TextEncoder.load("a name that nobody looks up", engine=str(int8))
    encoder.expect(TextEncoder.load(str(folder)).sha256)
    with pytest.raises(InputError, match="not those that"):
        encoder.expect("0" * 64)


def test_a_folder_is_its_own_base(folder: Path) -> None:
    assert folder_of(str(folder)) == folder
