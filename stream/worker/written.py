"""Which keys a store may hold, so that those it cannot hold are not looked for."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.compiled import compiled

LOG2_BITS: Final = 26
"""8 MB; of keys that were never written, one in seven is looked for in vain at ten million."""


@compiled
def _mark(bits: Any, tokens: Any) -> None:
    last = np.uint64(8 * len(bits) - 1)
    for token in tokens:
        at = token & last
        bits[at >> np.uint64(3)] |= np.uint8(1) << np.uint8(at & np.uint64(7))


@compiled
def _marked(bits: Any, tokens: Any, out: Any) -> None:
    last = np.uint64(8 * len(bits) - 1)
    for i in range(len(tokens)):
        at = tokens[i] & last
        out[i] = (bits[at >> np.uint64(3)] >> np.uint8(at & np.uint64(7))) & np.uint8(1)


class Written:
    """Tokens, which are random 64-bit numbers, that were written since a store was empty.

    It takes 2 ** ``log2_bits`` / 8 bytes, once there are many.

    >>> written = Written()
    >>> written.add(np.array([7], np.uint64))
    >>> written.may_hold(np.array([7, 8], np.uint64)).tolist()
    [True, False]
    """

    def __init__(self, log2_bits: int = LOG2_BITS) -> None:
        self._bits = np.zeros(1 << (log2_bits - 3), np.uint8)

    def add(self, tokens: NDArray[np.uint64]) -> None:
        """Note that these are written."""
        _mark(self._bits, tokens)

    def may_hold(self, tokens: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which of the tokens may be among them, bool[n]; never False for one that is."""
        out = np.empty(len(tokens), np.bool_)
        _marked(self._bits, tokens, out)
        return out
