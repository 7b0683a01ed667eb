"""Numbers from their digits, where that is exact."""

from typing import Final

import numpy as np

from topics.compiled import inlined
from topics.jsonvalue import Bytes, byte

MOST_DIGITS: Final = 15
_MINUS, _POINT, _PLUS, _ZERO, _NINE = (ord(c) for c in "-.+09")
_POWERS: Final = 10.0 ** np.arange(23)


@inlined
def exact(data: Bytes, at: int, end: int) -> float:
    """Return the JSON number ``data[at:end]`` as the nearest float64; NaN where it is not easy.

    Not easy is -0, and what has many digits. Up to 15 digits and a power of ten up to 22 are exact
    in a float64, so one multiplication or division rounds once. Source: W. D. Clinger, "How to
    Read Floating Point Numbers Accurately", 1990.
    """
    negative = byte(data, at) == _MINUS
    at += negative
    digits, n_digits, power = 0, 0, 0
    after_point = False
    while at < end and (byte(data, at) == _POINT or _ZERO <= byte(data, at) <= _NINE):
        if byte(data, at) == _POINT:
            after_point = True
        else:
            digits = digits * 10 + byte(data, at) - _ZERO
            n_digits += digits > 0
            power -= after_point
        at += 1
        if n_digits > MOST_DIGITS:
            return np.nan
    if at < end:  # at an exponent
        at += 1
        below = byte(data, at) == _MINUS
        at += below or byte(data, at) == _PLUS
        exponent = 0
        while at < end:
            exponent = min(1_000, exponent * 10 + byte(data, at) - _ZERO)
            at += 1
        power += -exponent if below else exponent
    if abs(power) > 22:
        return np.nan
    found = digits / _POWERS[-power] if power < 0 else digits * _POWERS[power]
    if negative and digits == 0:
        return np.nan
    return float(-found if negative else found)


@inlined
def natural(data: Bytes, at: int, end: int) -> int:
    """Return the JSON integer ``data[at:end]``, -1 where it is negative or has over 15 digits."""
    if byte(data, at) == _MINUS or end - at > MOST_DIGITS:
        return -1
    found = 0
    for i in range(at, end):
        found = found * 10 + byte(data, i) - _ZERO
    return found
