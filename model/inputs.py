"""From events as columns to the tensors of the event Transformer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from model.bins import Bins
from model.flight import sent
from model.tokens import event_tokens, past_tokens
from model.transformer import Inputs
from topics.columns import Rows
from topics.scores import ScoreInput
from topics.vocabulary import BROWSE

NO_TEXT, WITH_VECTOR, VECTOR_UNKNOWN = range(3)


@dataclass(frozen=True, eq=False)
class TextVectors:
    """What is known of the texts of ``n`` events.

    ``kind`` uint8[n] is NO_TEXT, WITH_VECTOR or VECTOR_UNKNOWN; event i's vector is row ``at[i]``
    (int64[n]) of ``vectors`` float32[n_distinct, D].
    """

    kind: NDArray[np.uint8]
    at: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def take(self, index: NDArray[np.int64]) -> "TextVectors":
        """Return those of the events at ``index``."""
        return TextVectors(self.kind[index], self.at[index], self.vectors)


NOTHING: Final = np.zeros((0, 1), np.float32)


def without_vectors(rows: Rows) -> TextVectors:
    """Return what is known of the events' texts before any is encoded."""
    kind = np.where(reads_text(rows), VECTOR_UNKNOWN, NO_TEXT).astype(np.uint8)
    return TextVectors(kind, np.zeros(len(rows), np.int64), NOTHING)


def reads_text(rows: Rows) -> NDArray[np.bool_]:
    """Return which events' texts are encoded: not search queries, where the sketch must do."""
    wanted: NDArray[np.bool_] = (rows["text"] != 0) & (rows["type"] != BROWSE)
    return wanted


def assemble(
    x: ScoreInput, texts: TextVectors, bins: Bins, past: int, device: torch.device
) -> Inputs:
    """Build the tensors of a batch; at most the newest ``past`` events are kept.

    The past is cut to what the longest history in the batch needs.
    """
    depth = min(past, x.past.shape[1], int(x.n_past.max(initial=0)))
    before = past_tokens(x.past, x.rows, depth, bins.amounts)
    now = event_tokens(x.rows, bins.amounts)
    row, weight = bins.place(x.features)
    at = np.flatnonzero(texts.kind == WITH_VECTOR)
    arrays = (
        row,
        weight,
        now.dense,
        now.lookup,
        texts.vectors[texts.at[at]],
        at,
        texts.kind.astype(np.int64),
        before.dense,
        before.lookup,
        before.relation,
    )
    return Inputs(*(sent(array, device) for array in arrays))


def forget(texts: TextVectors, share: float, rng: np.random.Generator) -> TextVectors:
    """Take the vectors away from ``share`` of the events: a deadline will, now and then."""
    gone = (rng.random(len(texts.kind)) < share) & (texts.kind == WITH_VECTOR)
    kind = np.where(gone, VECTOR_UNKNOWN, texts.kind).astype(np.uint8)
    return TextVectors(kind, texts.at, texts.vectors)
