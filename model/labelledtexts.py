"""The texts that an encoder is fine-tuned on, and those that judge it: distinct, with a label."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.inputs import reads_text
from model.rows import TrainingRows
from model.slices import Slices
from model.textmodel import drawn

HELD_OUT_SHARE: Final = 0.25
"""Texts that judge, at most, as a share of those that teach, at most."""


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Distinct ``texts``, and ``fraud`` bool[n]: whether most of a text's events are fraud."""

    texts: list[str]
    fraud: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def n_fraud(self) -> int:
        """How many are texts of fraud."""
        return int(self.fraud.sum())

    @property
    def n_fewer(self) -> int:
        """How many texts the class with fewer of them has."""
        return min(self.n_fraud, len(self) - self.n_fraud)


def labelled_texts(
    rows: TrainingRows, slices: Slices, max_texts: int, seed: int
) -> tuple[LabelledTexts, LabelledTexts]:
    """Return the texts of labelled events that teach, and those that judge what was learned.

    ``rows`` are in time order. The first slice teaches, the second judges, less the texts that are
    in the first as well. Of more than ``max_texts`` that teach, or ``HELD_OUT_SHARE`` of that which
    judge, all frauds are taken first, up to half, and the others are drawn at random.
    """
    rng = np.random.default_rng(seed)
    first, of_first = _events(rows, 0, slices.train)
    second, of_second = _events(rows, slices.train, slices.validation)
    new = ~np.isin(of_second, of_first)
    return (
        _distinct(rows, first, of_first, max_texts, rng),
        _distinct(rows, second[new], of_second[new], int(max_texts * HELD_OUT_SHARE), rng),
    )


def _events(
    rows: TrainingRows, begin: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return the labelled events of a slice whose texts are encoded, and the texts' hashes."""
    there = reads_text(rows.x.rows[begin:end]) & (rows.label[begin:end] >= 0)
    at = begin + np.flatnonzero(there)
    return at, rows.x.rows["text"][at]


def _distinct(
    rows: TrainingRows, at: NDArray[np.int64], hashes: NDArray[np.uint64], n: int,
    rng: np.random.Generator,
) -> LabelledTexts:  # fmt: skip
    _, first, of = np.unique(hashes, return_index=True, return_inverse=True)
    n_events = np.bincount(of, minlength=len(first))
    n_fraud = np.bincount(of[rows.label[at] == 1], minlength=len(first))
    fraud = 2 * n_fraud > n_events
    kept = drawn(fraud, n, rng)
    texts = [rows.x.texts[i] or "" for i in at[first[kept]].tolist()]
    return LabelledTexts(texts, fraud[kept])
