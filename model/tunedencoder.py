"""A fine-tuned text encoder: what is told of it, its weights, and its folder in a model's."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor, nn

from model.base import folder_of, prefix_of
from model.engine import WEIGHTS
from model.labelledtexts import LabelledTexts
from model.text import TextEncoder
from topics.scratch import ScratchFolder


@dataclass(frozen=True, eq=False)
class TunedEncoder:
    """What fine-tuning the encoder ``base`` came to.

    ``told`` says so for the manifest: ``way``, which encoder was ``kept``, ``tuned`` or ``frozen``,
    how many texts taught, and either what they brought on texts held out or ``why`` they did not
    teach. ``seconds`` is the time it took. ``weights`` uint8[n_bytes] is a file of safetensors;
    None: the frozen encoder is kept.
    """

    base: str
    told: dict[str, Any]
    seconds: float
    weights: NDArray[np.uint8] | None

    @property
    def is_kept(self) -> bool:
        """Whether there is another encoder than the frozen one."""
        return self.weights is not None

    def write(self, folder: Path) -> None:
        """Write the encoder that is kept into ``folder``, as Hugging Face folders are."""
        assert self.weights is not None
        found = folder_of(self.base)
        for path in (found / "config.json", *sorted(found.glob("*token*.json"))):
            shutil.copyfile(path, folder / path.name)
        self.weights.tofile(folder / WEIGHTS)

    def load(self, *, device: str = "cpu") -> TextEncoder:
        """Load the encoder that is kept, the frozen one where no other is, onto a device."""
        if not self.is_kept:
            return TextEncoder.load(self.base, device=device)
        with ScratchFolder("riskstream-encoder-") as folder:
            self.write(folder)
            return TextEncoder.load(str(folder), device=device, prefix=prefix_of(self.base))


def not_tuned(base: str, way: str, taught: LabelledTexts, why: str) -> TunedEncoder:
    """Say that the encoder stays frozen, and ``why``."""
    told = {"way": way, "kept": "frozen", "n_texts": len(taught), "n_fraud": taught.n_fraud,
            "why": why}  # fmt: skip
    return TunedEncoder(base, told, 0.0, None)


def weights_of(network: nn.Module) -> NDArray[np.uint8]:
    """Return a network's weights as a file of safetensors, uint8[n_bytes].

    What half precision holds exactly is stored in it, as the tables of most encoders are.
    """
    tensors = {name: _stored(weight) for name, weight in network.state_dict().items()}
    return np.frombuffer(save(tensors, {"format": "pt"}), np.uint8)


def _stored(weight: Tensor) -> Tensor:
    """Return a copy in half precision, or as it is where that would change it.

    >>> [_stored(torch.tensor([of])).dtype for of in (0.5, 0.1)]
    [torch.float16, torch.float32]
    """
    kept = weight.detach().cpu().contiguous().clone()
    if kept.dtype != torch.float32:
        return kept
    half = kept.half()
    return half if torch.equal(half.float(), kept) else kept
