"""What computes a text's vector from its tokens: PyTorch, or ONNX Runtime in int8."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.flight import Answer, sent
from model.linear import quickened
from topics.errors import InputError

DTYPES: Final = ("float32", "bfloat16")
WEIGHTS: Final = "model.safetensors"
TOKENIZER: Final = "tokenizer.json"
"""Files of a Hugging Face encoder."""

NETWORK: Final = "encoder.onnx"
"""File of an exported encoder, beside its tokenizer."""

PASS_TOKENS: Final = 32
"""What a pass costs on the processor besides its tokens: all weights come from memory anew."""

PASS_TOKENS_CUDA: Final = 1_024
"""The same on CUDA, where as many tokens are computed at once; estimated."""


@dataclass(frozen=True, eq=False)
class Batch:
    """``n`` texts as tokens: ``ids`` int64[n, k], and ``mask`` int64[n, k], 0 where padded."""

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]


def padded(tokens: list[list[int]], pad: int) -> Batch:
    """Return texts as one batch, padded to the longest.

    >>> padded([[5], [6, 7]], 1).ids.tolist()
    [[5, 1], [6, 7]]
    """
    sizes = np.array([len(row) for row in tokens])
    mask = np.arange(sizes.max()) < sizes[:, None]
    ids = np.full(mask.shape, pad, np.int64)
    ids[mask] = [token for row in tokens for token in row]
    return Batch(ids, mask.astype(np.int64))


class Engine(Protocol):
    """Computes unit vectors of length ``width``; ``pad`` is the token that fills a batch up.

    A pass takes as long as ``pass_tokens`` tokens more than it has.
    """

    width: int
    pad: int
    pass_tokens: int

    def start(self, batch: Batch) -> Answer:
        """Begin to compute the vectors of a batch, float32[n, width]."""


class Pooled(nn.Module):
    """An encoder, the mean over each text's tokens, and that mean's direction."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return unit vectors float32[n, width]."""
        hidden = self.network(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        there = mask[..., None].float()
        return nn.functional.normalize((hidden * there).sum(1) / there.sum(1), dim=1)


def checked(folder: Path) -> Path:
    """Return the folder if it holds a Hugging Face encoder.

    Raises InputError where a file of it is missing.
    """
    for name in ("config.json", WEIGHTS, TOKENIZER):
        if not (folder / name).is_file():
            raise InputError(f"text encoder {folder} has no {name}; choose another")
    return folder


def network_of(folder: Path, dtype: torch.dtype, **options: Any) -> Any:
    """Load a Hugging Face encoder, ready to answer; its sizes are in ``config``.

    Raises InputError where a file of it is missing.
    """
    from transformers import AutoModel  # noqa: PLC0415 - takes seconds
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    loaded: Any = AutoModel.from_pretrained(checked(folder), dtype=dtype, **options)
    return loaded.eval().requires_grad_(False)


class TorchEngine:
    """A Hugging Face encoder in PyTorch, on the processor or CUDA.

    In ``float32`` a text's vector does not depend on its neighbours beyond 1e-6; ``bfloat16`` is
    faster where the device has it. ``network`` is what answers; it may be taught.
    """

    def __init__(self, folder: Path, device: str, dtype: str) -> None:
        network = network_of(folder, getattr(torch, dtype))
        self.width: int = network.config.hidden_size
        self.pad: int = network.config.pad_token_id or 0
        self._device = torch.device(device)
        self.pass_tokens = PASS_TOKENS if self._device.type == "cpu" else PASS_TOKENS_CUDA
        self.network = Pooled(quickened(network)).to(self._device).eval()

    def start(self, batch: Batch) -> Answer:
        """Begin to compute the vectors of a batch, float32[n, width]."""
        with torch.inference_mode():
            ids, mask = sent(batch.ids, self._device), sent(batch.mask, self._device)
            return Answer(self.network(ids, mask))


class Int8Engine:
    """An encoder that `model.export` wrote, in ONNX Runtime, on the processor.

    It uses as many threads as PyTorch does when it is loaded.
    """

    pass_tokens = PASS_TOKENS

    def __init__(self, folder: Path, *, width: int, pad: int) -> None:
        try:
            import onnxruntime  # noqa: PLC0415 - an extra
        except ImportError:
            raise InputError(
                f"text encoder {folder} needs ONNX Runtime; install riskstream[onnx]"
            ) from None
        self.width, self.pad = width, pad
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3  # errors
        self._session: Any = onnxruntime.InferenceSession(
            folder / NETWORK, options, providers=["CPUExecutionProvider"]
        )

    def start(self, batch: Batch) -> Answer:
        """Compute the vectors of a batch, float32[n, width]."""
        (found,) = self._session.run(None, {"ids": batch.ids, "mask": batch.mask})
        return Answer(torch.from_numpy(found))
