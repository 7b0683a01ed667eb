"""What is known at a moment: of several labels about one thing, the one that holds."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topics.columns import LABEL, Rows, joined
from topics.decode import Decoder
from topics.timed import LABEL_TAG, read_timed


def newest_at(
    event: NDArray[np.uint64],
    user: NDArray[np.uint64],
    known_ms: NDArray[np.int64],
    label: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """Return where the labels stand that became known last, the others being taken back by them.

    Arguments are columns of labels, of equal length. There is one for each event, then one for each
    user whom a label without an event (0) is about, both in the order of tokens. At equal times the
    greater token of the label decides, so that the order of files does not.

    >>> event, user = np.array([7, 0, 7], np.uint64), np.array([1, 1, 1], np.uint64)
    >>> newest_at(event, user, np.array([20, 5, 10]), np.array([1, 2, 3], np.uint64)).tolist()
    [0, 1]
    """
    of_user = event == 0
    about = np.where(of_user, user, event)
    order = np.lexsort((label, known_ms, about, of_user))
    of, kind = about[order], of_user[order]
    is_last = np.append((of[1:] != of[:-1]) | (kind[1:] != kind[:-1]), True)[: len(of)]
    found: NDArray[np.int64] = order[is_last]
    return found


def newest_labels(labels: Rows) -> Rows:
    """Return of LABEL[n] those that `newest_at` names."""
    return labels[newest_at(*(labels[name] for name in ("event", "user", "known_ms", "label")))]


def known_labels(path: Path | None, decoder: Decoder, until_ms: int) -> Rows:
    """Return LABEL[n], those in ``path`` (None: nowhere) that became known before ``until_ms``.

    What cannot be read is passed over: the replay of the history tells of it.
    """
    found = [np.zeros(0, LABEL)]
    for part in () if path is None else read_timed(path, lambda path, line, what: None):
        at = np.flatnonzero((part.tags == LABEL_TAG) & (part.times < until_ms)).tolist()
        found.append(decoder.labels([part.values[i] for i in at]).batch.rows)
    return joined(found)


def known_frauds(path: Path | None, decoder: Decoder, until_ms: int) -> NDArray[np.uint64]:
    """Return the tokens, rising, of the events that `known_labels` say are fraud."""
    holds = newest_labels(known_labels(path, decoder, until_ms))
    return np.unique(holds["event"][(holds["is_fraud"] == 1) & (holds["event"] != 0)])
