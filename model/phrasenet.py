"""What a text says of fraud by the order of its words: a small convolution over hashed phrases.

A linear model adds up what phrases say; this one lets neighbours change it. Every run of one to
three words has a vector, learned with the rest (Joulin et al., "Bag of Tricks for Efficient Text
Classification", 2017). A word's vector is the sum of those of the runs that begin at it, to which
a convolution over two words on each side is added after a rectifier (Kim, "Convolutional Neural
Networks for Sentence Classification", 2014; He et al., "Deep Residual Learning", 2016). Their mean
and their greatest values over the text are weighed. Phrases that only one text has have no vector,
and some are hidden at random while it learns, so that no text is learned by heart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from model.ngramloops import N_PLACES
from model.phraseloops import REACH, SIZES, answer
from model.phrases import Phrases
from topics.errors import InputError

WIDTH: Final = 32
MAX_PHRASES: Final = 1 << 18
"""Vectors kept, those of the phrases that most texts have: 16 MB in 16 bits."""

MIN_TEXTS: Final = 2
EPOCHS: Final = 3
MIN_STEPS: Final = 600
"""Few texts are gone through more often, until there are as many steps."""

BATCH: Final = 64
LEARNING_RATE: Final = 2e-3
HIDDEN_PHRASES: Final = 0.3
DROPOUT: Final = 0.5
WEIGHT_DECAY: Final = 1e-4
SPREAD: Final = 0.06
"""Deviation of the vectors before learning."""


@dataclass(frozen=True, eq=False)
class PhraseNet:
    """Vectors of phrases and the weights above them.

    ``row_of`` int32[N_PLACES] is the row of a place in ``table`` float32[m, WIDTH], -1 for none;
    ``taps`` float32[2 * REACH + 1, WIDTH, WIDTH] and ``bias`` float32[WIDTH] are the convolution,
    from the word furthest to the left; ``mean`` and ``most`` float32[WIDTH] weigh the sum over the
    root of the number of words, and the greatest values; ``base`` is added.
    """

    row_of: NDArray[np.int32]
    table: NDArray[np.float32]
    taps: NDArray[np.float32]
    bias: NDArray[np.float32]
    mean: NDArray[np.float32]
    most: NDArray[np.float32]
    base: float

    def log_odds(self, found: Phrases) -> NDArray[np.float64]:
        """Return the log-odds of fraud that each text adds, float64[n]."""
        out = np.full(len(found), self.base)
        answer(
            found.begin, found.at, self.row_of, self.table, self.taps, self.bias, self.mean,
            self.most, out,
        )  # fmt: skip
        return out

    @classmethod
    def fit(
        cls, found: Phrases, fraud: NDArray[np.bool_], kind: NDArray[np.uint8], *, seed: int
    ) -> Self:
        """Learn from texts; ``fraud`` bool[n], ``kind`` uint8[n] the type of each event.

        That some kinds are fraud more often is no part of the answer.
        """
        import torch  # noqa: PLC0415 - only needed in training
        from torch.nn import functional  # noqa: PLC0415

        row_of, n_rows = _rows(found)
        rng = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = _network(n_rows)
            table, *rest = net.parameters()
            sparse = torch.optim.SparseAdam([table], lr=LEARNING_RATE)
            dense = torch.optim.Adam(rest, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
            target = torch.from_numpy(fraud.astype(np.float32))
            offset = torch.from_numpy(_levels(fraud, kind)[kind])
            each = -(-len(fraud) // BATCH)
            epochs = max(EPOCHS, -(-MIN_STEPS // each))
            steps, done = epochs * each, 0
            for _ in range(epochs):
                for part, x, there in _batches(found, row_of, rng):
                    for group in sparse.param_groups + dense.param_groups:
                        group["lr"] = LEARNING_RATE * max(1 - done / steps, 0.02)
                    loss = functional.binary_cross_entropy_with_logits(
                        net(torch.from_numpy(x), torch.from_numpy(there)) + offset[part],
                        target[part],
                    )
                    sparse.zero_grad()
                    dense.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    sparse.step()  # type: ignore[no-untyped-call]
                    dense.step()
                    done += 1
            return cls(row_of, *net.arrays())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_arrays` makes an equal network from."""
        places = np.empty(len(self.table), np.int32)
        at = np.flatnonzero(self.row_of >= 0)
        places[self.row_of[at]] = at
        return {
            "places": places, "table": self.table.astype(np.float16), "taps": self.taps,
            "bias": self.bias, "mean": self.mean, "most": self.most,
            "base": np.array([self.base]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, found: dict[str, NDArray[Any]]) -> Self:
        """Rebuild a network.

        Raises InputError where the arrays are not those of a network of this shape.
        """
        n = len(found.get("places", ()))
        shapes = {
            "places": (n,), "table": (n, WIDTH), "taps": (2 * REACH + 1, WIDTH, WIDTH),
            "bias": (WIDTH,), "mean": (WIDTH,), "most": (WIDTH,), "base": (1,),
        }  # fmt: skip
        for name, shape in shapes.items():
            if name not in found or found[name].shape != shape:
                has = f"{name} of shape {found[name].shape}" if name in found else f"no {name}"
                raise InputError(f"the model's words have {has}, not {shape}; train it anew")
        if n and not 0 <= found["places"].min() <= found["places"].max() < N_PLACES:
            raise InputError("the model's words have places out of range; train it anew")
        row_of = np.full(N_PLACES, -1, np.int32)
        row_of[found["places"]] = np.arange(n, dtype=np.int32)
        return cls(
            row_of, found["table"].astype(np.float32), found["taps"], found["bias"],
            found["mean"], found["most"], float(found["base"][0]),
        )  # fmt: skip


def _rows(found: Phrases) -> tuple[NDArray[np.int32], int]:
    """Return the row of each place that enough texts have, most frequent first, and how many."""
    of = np.repeat(np.arange(len(found)), np.diff(found.begin))
    pairs = np.unique((of[:, None] * N_PLACES + found.at)[found.at >= 0])
    count = np.bincount(pairs % N_PLACES, minlength=N_PLACES)
    kept = np.argsort(-count, kind="stable")[: min(MAX_PHRASES, int((count >= MIN_TEXTS).sum()))]
    row_of = np.full(N_PLACES, -1, np.int32)
    row_of[kept] = np.arange(len(kept), dtype=np.int32)
    return row_of, len(kept)


def _levels(fraud: NDArray[np.bool_], kind: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the log-odds of fraud of each kind of event, drawn towards those of all."""
    share = fraud.mean()
    n, bad = np.bincount(kind), np.bincount(kind, fraud)
    part = (bad + share) / (n + 1)
    level: NDArray[np.float32] = np.log(part / (1 - part)).astype(np.float32)
    return level


def _batches(
    found: Phrases, row_of: NDArray[np.int32], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """Yield texts of about one length: which they are, rows [b, words, SIZES], and what is text."""
    sizes = np.diff(found.begin)
    order = np.argsort(sizes + rng.random(len(sizes)) * 6, kind="stable")
    parts = [order[begin : begin + BATCH] for begin in range(0, len(order), BATCH)]
    for k in rng.permutation(len(parts)).tolist():
        part = parts[k]
        there = np.arange(sizes[part].max()) < sizes[part][:, None]
        rows = np.full((*there.shape, SIZES), -1, np.int64)
        at = found.take(part).at
        rows[there] = np.where(at >= 0, row_of[at], -1)
        yield part, rows, there.astype(np.float32)


def _network(n_rows: int) -> Any:
    """Return the network that `PhraseNet` is made of, with its first weights."""
    import torch  # noqa: PLC0415
    from torch import Tensor, nn  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(n_rows + 1, WIDTH, sparse=True)
            nn.init.normal_(self.table.weight, std=SPREAD)
            self.convolution = nn.Conv1d(WIDTH, WIDTH, 2 * REACH + 1, padding=REACH)
            self.out = nn.Linear(2 * WIDTH, 1)
            self.drop = nn.Dropout(DROPOUT)

        def forward(self, rows: Tensor, there: Tensor) -> Tensor:
            shown = (rows >= 0) & (torch.rand(rows.shape) >= HIDDEN_PHRASES)
            own = self.table(torch.where(shown, rows, n_rows)) * shown[..., None]
            words = self.drop(own.sum(2) / (1 - HIDDEN_PHRASES)) * there[..., None]
            mixed = functional.relu(self.convolution(words.transpose(1, 2))).transpose(1, 2)
            both = words + mixed
            mean = (both * there[..., None]).sum(1) / there.sum(1, keepdim=True).sqrt()
            most = both.masked_fill(there[..., None] == 0, -torch.inf).amax(1)
            out: Tensor = self.out(self.drop(torch.cat([mean, most], 1)))[:, 0]
            return out

        def arrays(self) -> tuple[Any, ...]:
            def of(tensor: Any) -> Any:
                return np.ascontiguousarray(tensor.detach().numpy())

            taps = of(self.convolution.weight.permute(2, 1, 0))
            weight = of(self.out.weight[0])
            return (
                of(self.table.weight[:-1].half().float()), taps, of(self.convolution.bias),
                weight[:WIDTH], weight[WIDTH:], float(self.out.bias.detach()[0]),
            )  # fmt: skip

    return Network()
