"""Which texts a training encodes where it may not encode all: those that decide come first."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.inputs import VECTOR_UNKNOWN, WITH_VECTOR, TextVectors
from model.progress import Report
from model.rows import TrainingRows
from model.text import TextEncoder
from model.textmodel import drawn

AT_A_TIME: Final = 256


def training_vectors(
    encoder: TextEncoder, rows: TrainingRows, texts: TextVectors, first: int, max_texts: int,
    seed: int, report: Report,
) -> TextVectors:  # fmt: skip
    """Encode at most ``max_texts`` of the distinct texts of ``rows``, as `chosen` chooses them.

    Rows from ``first`` on decide on a network that learned from those before.
    """
    wanted = np.flatnonzero(texts.kind == VECTOR_UNKNOWN)
    hashes, one, of = np.unique(rows.x.rows["text"][wanted], return_index=True, return_inverse=True)
    at = chosen(of, wanted >= first, rows.label[wanted] == 1, max_texts, seed)
    vectors = np.zeros((len(at), encoder.width), np.float32)
    for begin in range(0, len(at), AT_A_TIME):
        part = at[begin : begin + AT_A_TIME]
        written = [rows.x.texts[i] or "" for i in wanted[one[part]].tolist()]
        vectors[begin : begin + AT_A_TIME], _ = encoder.encode(written, hashes[part])
        report(f"texts: {len(at):,} to encode", min(1.0, (begin + AT_A_TIME) / len(at)))
    place = np.full(len(hashes), -1)
    place[at] = np.arange(len(at))
    kind, row = texts.kind.copy(), texts.at.copy()
    row[wanted] = np.maximum(place[of], 0)
    kind[wanted] = np.where(place[of] >= 0, WITH_VECTOR, VECTOR_UNKNOWN)
    return TextVectors(kind, row, vectors)


def chosen(
    of: NDArray[np.int64], decides: NDArray[np.bool_], fraud: NDArray[np.bool_], max_texts: int,
    seed: int,
) -> NDArray[np.int64]:  # fmt: skip
    """Return which of the distinct texts to encode, at most ``max_texts``.

    Row i has the text ``of[i]`` (int64[n], from 0 on), and ``decides`` or teaches. All texts of
    rows that decide are encoded if they fit into half of ``max_texts`` or beside all others; else
    that many of them: those that a fraud among these rows has, up to half, and others at random.
    The rest of the texts come at random from those that only teach.

    >>> decides = np.array([False, False, False, True, True, True])
    >>> found = chosen(np.array([0, 1, 2, 2, 3, 4]), decides, np.arange(6) == 4, 4, seed=0)
    >>> {0, 1, 3} < set(found.tolist())  # 3 is the text of a fraud that decides
    True
    """
    rng = np.random.default_rng(seed)
    n = int(of.max(initial=-1)) + 1
    later = np.bincount(of[decides], minlength=n) > 0
    bad = np.bincount(of[decides & fraud], minlength=n) > 0
    deciding, teaching = np.flatnonzero(later), np.flatnonzero(~later)
    n_deciding = min(len(deciding), max(max_texts // 2, max_texts - len(teaching)))
    first = deciding[drawn(bad[deciding], n_deciding, rng)]
    return np.concatenate([first, rng.permutation(teaching)[: max_texts - n_deciding]])
