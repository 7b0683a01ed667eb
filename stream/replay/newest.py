"""Of several labels about one thing, the one that holds."""

import numpy as np
from numpy.typing import NDArray


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


def newest_labels(labels: NDArray[np.void]) -> NDArray[np.void]:
    """Return of LABEL[n] those that `newest_at` names."""
    return labels[newest_at(*(labels[name] for name in ("event", "user", "known_ms", "label")))]
