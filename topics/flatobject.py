"""Whether a JSON object holds nothing but plain values, told without reading any of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.compiled import compiled
from topics.jsonvalue import Bytes, byte

_QUOTE, _BACKSLASH, _BRACE, _BRACKET = (ord(c) for c in '"\\{[')
_ZERO, _NINE, _E = (ord(c) for c in "09e")
MOST_DIGITS: Final = 15
"""Of a number that every reader takes; a longer one, or one with an exponent, may be too large."""


@compiled
def surely_flat(data: Bytes, spans: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return for each of ``spans`` int32[n, 2], whole objects in ``data``, whether it is flat.

    That is without objects or arrays in it, and without numbers that might be none; bool[n]. What
    is not surely flat may be flat all the same.
    """
    flat = np.ones(len(spans), np.bool_)
    for i in range(len(spans)):
        at, end = spans[i, 0] + 1, spans[i, 1]
        inside, digits = False, 0
        while at < end:
            letter = byte(data, at)
            if inside:
                at += letter == _BACKSLASH
                inside = letter != _QUOTE
            elif letter == _QUOTE:
                inside, digits = True, 0
            elif _ZERO <= letter <= _NINE:
                digits += 1
                flat[i] = flat[i] and digits <= MOST_DIGITS
            else:
                exponent = digits > 0 and letter | 32 == _E
                if exponent or letter in (_BRACE, _BRACKET):
                    flat[i] = False
                digits = 0
            at += 1
    return flat
