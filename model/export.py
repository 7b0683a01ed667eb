"""A text encoder in int8 for ONNX Runtime: a folder with the network, its tokenizer and a manifest.

The inputs of every linear layer are divided by the largest of their token, multiplied in 8 bits,
and multiplied back. So one fixed range, -1 to 1, holds for all texts, and a text's vector does not
depend on the others in its batch, as it would where the range is taken from a whole batch. That the
range is taken token by token is the vector-wise quantisation of Dettmers and others, "LLM.int8()",
2022; weights have a range per output column.
"""

import json
import logging
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from model import artifact
from model.artifact import file_hash
from model.base import encoder_of, folder_of
from model.engine import NETWORK, TOKENIZER, WEIGHTS, Batch, Int8Engine, Pooled, network_of
from topics.errors import InputError
from topics.scratch import ScratchFolder

MANIFEST: Final = "export.json"
LARGEST_BYTES: Final = 1_900_000_000
"""Of weights: one ONNX file holds less than 2 GiB."""


class _PerToken(nn.Module):
    """A linear layer that multiplies numbers from -1 to 1."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(layer.weight.T.contiguous(), requires_grad=False)
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        largest = x.abs().amax(-1, keepdim=True).clamp(min=1e-6)
        product = (x / largest) @ self.weight * largest
        return product if self.bias is None else product + self.bias


def export(folder: Path, out: Path, **told: Any) -> None:
    """Write the Hugging Face encoder in ``folder`` to the folder ``out``, in int8.

    ``told`` goes into the manifest. Raises InputError where the packages of riskstream[onnx] are
    not installed, or the encoder is too large.
    """
    try:
        import onnxruntime  # noqa: F401, PLC0415 - an extra
        import onnxscript  # noqa: F401, PLC0415 - needed by torch.onnx
    except ImportError as error:
        raise InputError(f"{error.name} is not installed; install riskstream[onnx]") from None
    network = network_of(folder, torch.float32, attn_implementation="eager")
    pad, width = network.config.pad_token_id or 0, network.config.hidden_size
    network.get_input_embeddings().half()  # a look-up, and as the weights were stored
    if sum(weight.nbytes for weight in network.parameters()) > LARGEST_BYTES:
        raise InputError(f"text encoder {folder} is too large for one ONNX file")
    _write(network, pad, out)
    shutil.copyfile(folder / TOKENIZER, out / TOKENIZER)
    packages = ("torch", "onnx", "onnxruntime", "onnxscript")
    manifest = {
        **told,
        "sha256": file_hash(folder / WEIGHTS),
        "width": width,
        "pad": pad,
        "files": {name: file_hash(out / name) for name in (NETWORK, TOKENIZER)},
        "libraries": {package: version(package) for package in packages},
    }
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def export_of(model: Path, out: Path, base: str | None = None) -> None:
    """Write the text encoder that a model was trained with to the folder ``out``, in int8.

    ``base`` overrides where the encoder is found. Raises InputError where the model has none, and
    as `export` does.
    """
    manifest = artifact.load(model).manifest
    text = manifest["text"]
    if text is None:
        raise InputError(f"model {model} was trained without a text encoder; nothing to export")
    place, prefix = encoder_of(model, manifest, base)
    folder = folder_of(place)
    found = artifact.file_hash(folder / WEIGHTS)
    if found != text["sha256"]:
        raise InputError(
            f"text encoder {place} (SHA-256 {found[:12]}...) is not the one that model {model} was "
            f"trained with ({text['sha256'][:12]}...); name that with --base"
        )
    export(folder, out, base=base or text["base"], prefix=prefix)


def exported(folder: Path) -> tuple[Int8Engine, dict[str, Any]]:
    """Load what `export` wrote: the engine and the manifest.

    Raises InputError where a file is missing, unreadable or changed.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        for name, expected in manifest["files"].items():
            if file_hash(folder / name) != expected:
                raise InputError(f"{folder}: {name} is damaged; run `riskstream export` again")
        return Int8Engine(folder, width=manifest["width"], pad=manifest["pad"]), manifest
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{folder} is no encoder of `riskstream export` ({type(error).__name__}: {error})"
        ) from error


def _write(network: Any, pad: int, out: Path) -> None:
    """Write the network to ``out`` in int8."""
    import onnx  # noqa: PLC0415
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static  # noqa: PLC0415

    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Linear):
            network.set_submodule(name, _PerToken(layer))
    ids = torch.tensor([[7, 8, 9, 10, 11], [7, 8, 9, pad, pad]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    size = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with _quiet(), ScratchFolder(".part-", out) as part:
        whole = part / NETWORK
        torch.onnx.export(
            Pooled(network).eval(), (ids, mask), whole, dynamo=True, external_data=False,
            input_names=["ids", "mask"], output_names=["vectors"],
            dynamic_shapes={"ids": size, "mask": size}, verbose=False,
        )  # fmt: skip
        graph = onnx.load(whole).graph
        fixed = {weight.name for weight in graph.initializer}
        products = [
            node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] in fixed
        ]
        quantize_static(
            whole, out / NETWORK, _Once(Batch(ids.numpy(), mask.numpy())),
            quant_format=QuantFormat.QDQ, per_channel=True, nodes_to_quantize=products,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            extra_options={
                "ActivationSymmetric": True, "OpTypesToExcludeOutputQuantization": ["MatMul"],
            },
        )  # fmt: skip


class _Once:
    """One batch to calibrate with: any has a largest of 1 in every token."""

    def __init__(self, batch: Batch) -> None:
        self._left: list[dict[str, Any]] = [vars(batch)]

    def get_next(self) -> dict[str, Any] | None:
        return self._left.pop() if self._left else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what the packages say about their own parts."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
