"""What the texts of events say, as vectors: those that are known or can be in time."""

from typing import Final

import numpy as np

from model.inputs import (
    VECTOR_UNKNOWN,
    WITH_VECTOR,
    TextVectors,
    reads_text,
    without_vectors,
)
from model.rows import take
from model.text import TextEncoder
from topics.scores import ScoreInput

CALM_EVENTS: Final = 500
"""Events at once up to which texts may take all of their time. More mean that more waits behind
them, and the time for texts shrinks as their number grows."""


def read_texts(
    encoder: TextEncoder | None, x: ScoreInput, deadline_ms: float | None
) -> TextVectors:
    """Return the vectors of the events' texts.

    ``deadline_ms`` bounds the time spent on those that are not in the cache (None: no bound, 0:
    none of them). With more events than CALM_EVENTS it is shortened in proportion. The vectors of
    texts left out are unknown, all of them without an encoder.
    """
    texts = without_vectors(x.rows)
    at = np.flatnonzero(reads_text(x.rows))
    if encoder is None or not len(at):
        return texts
    share = min(1.0, CALM_EVENTS / len(x))
    deadline_s = None if deadline_ms is None else deadline_ms / 1000 * share
    vectors, known = encoder.encode(
        [x.texts[i] or "" for i in at.tolist()], x.rows["text"][at], deadline_s
    )
    texts.kind[at[known]] = WITH_VECTOR
    texts.at[at] = np.arange(len(at))
    return TextVectors(texts.kind, texts.at, vectors)


def read_ahead(encoder: TextEncoder | None, x: ScoreInput, at_most: int) -> bool:
    """Put up to ``at_most`` texts of the events into the cache; tell whether all are there then."""
    at = np.flatnonzero(read_texts(encoder, x, 0).kind == VECTOR_UNKNOWN)
    if encoder is None or not len(at):
        return True
    _, first = np.unique(x.rows["text"][at], return_index=True)
    read_texts(encoder, take(x, at[np.sort(first)[:at_most]]), None)
    return len(first) <= at_most
