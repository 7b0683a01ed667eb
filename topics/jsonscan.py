"""The fields of a JSON object: where in its bytes the values of known names stand."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.compiled import compiled, inlined
from topics.jsonvalue import ABSENT, FAILED, ORDINARY, Bytes, blank, byte, value
from topics.lexicon import Lexicon, find

MAX_UNKNOWN: Final = 16
"""Fields without a known name that one object may have."""

_QUOTE, _COMMA, _COLON, _BRACE, _BRACE_END = (ord(c) for c in '",:{}')


@compiled
def scan_object(  # noqa: PLR0911, PLR0912 - a state machine
    data: Bytes,
    at: int,
    end: int,
    names: Lexicon,
    spans: NDArray[np.int64],
    unknown: NDArray[np.int64],
) -> int:
    """Read the object at ``at``; return where it ends, -1 where it is not understood.

    ``spans`` int64[n_names, 3] takes the kind, begin and end of the value of every name; a text's
    are those between the quotes. A name may stand there once; of unknown ones that is checked, too,
    where ``unknown`` int64[MAX_UNKNOWN, 2] has room for them.
    """
    for name in range(len(spans)):
        spans[name, 0] = ABSENT
    n_unknown = 0
    if at >= end or byte(data, at) != _BRACE:
        return FAILED
    at = blank(data, at + 1, end)
    if at < end and byte(data, at) == _BRACE_END:
        return at + 1
    while True:
        first = at + 1
        at = _name(data, at, end)
        if at < 0:
            return FAILED
        last = at
        at = blank(data, at + 1, end)
        if at >= end or byte(data, at) != _COLON:
            return FAILED
        at, kind, low, high = value(data, blank(data, at + 1, end), end)
        if at < 0:
            return FAILED
        name = find(names, data, first, last)
        if name >= 0:
            if spans[name, 0] != ABSENT:
                return FAILED
            spans[name, 0], spans[name, 1], spans[name, 2] = kind, low, high
        elif len(unknown):
            if n_unknown == len(unknown) or _known(data, first, last, unknown, n_unknown):
                return FAILED
            unknown[n_unknown, 0], unknown[n_unknown, 1] = first, last
            n_unknown += 1
        at = blank(data, at, end)
        if at >= end:
            return FAILED
        if byte(data, at) == _BRACE_END:
            return at + 1
        if byte(data, at) != _COMMA:
            return FAILED
        at = blank(data, at + 1, end)


@inlined
def _known(data: Bytes, first: int, last: int, names: NDArray[np.int64], n: int) -> bool:
    for k in range(n):
        if names[k, 1] - names[k, 0] == last - first:
            i = 0
            while i < last - first and byte(data, names[k, 0] + i) == byte(data, first + i):
                i += 1
            if i == last - first:
                return True
    return False


@inlined
def _name(data: Bytes, at: int, end: int) -> int:
    """Return where the name that begins at ``at`` has its second quote; one without escapes."""
    if at >= end or byte(data, at) != _QUOTE:
        return FAILED
    at += 1
    while at < end and ORDINARY[byte(data, at)]:
        at += 1
    return at if at < end and byte(data, at) == _QUOTE else FAILED
