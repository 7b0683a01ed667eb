"""A random part of what has a token: a smaller part lies within every larger one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

HASH_RANGE: Final = 1 << 32
"""The limit at which all are drawn; half of it draws about half of them."""


def drawn(tokens: NDArray[np.uint64], limit: int) -> NDArray[np.bool_]:
    """Return which of ``tokens``, which are hashes, are drawn, bool[n].

    >>> drawn(np.array([1 << 32, 3 << 62], np.uint64), HASH_RANGE // 2).tolist()
    [True, False]
    """
    found: NDArray[np.bool_] = (tokens >> np.uint64(32)) < limit
    return found
