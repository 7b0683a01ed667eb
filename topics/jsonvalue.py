"""One JSON value: where it ends and what kind it is.

Reads less than JSON allows and nothing more: what is accepted here every reader accepts, and what
is not accepted says nothing about the value.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.compiled import compiled, inlined
from topics.shape import MAX_DEPTH

FAILED: Final = -1

ABSENT, TEXT, ESCAPED, INTEGER, NUMBER, TRUE, FALSE, NULL, OBJECT, ARRAY = range(10)
"""The kinds of values; ESCAPED is a text with escape sequences in it."""

_QUOTE, _BACKSLASH, _COMMA, _COLON, _MINUS, _POINT = (ord(c) for c in '"\\,:-.')
_BRACE, _BRACE_END, _BRACKET, _BRACKET_END = (ord(c) for c in "{}[]")
_ZERO, _NINE, _E, _PLUS, _U = (ord(c) for c in "09e+u")
_T, _F, _N, _D, _EIGHT = (ord(c) for c in "tfnd8")
_WORDS: Final = np.array([list(b"true "), list(b"false"), list(b"null ")], np.uint8)
_IS_BLANK: Final = np.isin(np.arange(256), list(b" \t\n\r"))
_IS_ESCAPE: Final = np.isin(np.arange(256), list(b'"\\/bfnrtu'))
_IS_HEX: Final = np.isin(np.arange(256), list(b"0123456789abcdefABCDEF"))
ORDINARY: Final = (np.arange(256) >= 32) & ~np.isin(np.arange(256), [_QUOTE, _BACKSLASH])

Bytes = NDArray[np.uint8]


@inlined
def byte(data: Bytes, at: int) -> int:
    """Return ``data[at]``, without the test whether ``at`` counts from the end."""
    found: int = data[np.uint64(at)]
    return found


@inlined
def blank(data: Bytes, at: int, end: int) -> int:
    """Return the first position from ``at`` on that is no white space."""
    while at < end and _IS_BLANK[byte(data, at)]:
        at += 1
    return at


@inlined
def value(data: Bytes, at: int, end: int) -> tuple[int, int, int, int]:
    """Return where the value at ``at`` ends, its kind and its span."""
    if at >= end:
        return FAILED, ABSENT, 0, 0
    first = byte(data, at)
    if first == _QUOTE:
        after, kind = text(data, at + 1, end)
        return after, kind, at + 1, after - 1
    if first in (_BRACE, _BRACKET):
        after = _nested(data, at, end)
        return after, OBJECT if first == _BRACE else ARRAY, at, after
    after, kind = _scalar(data, at, end)
    return after, kind, at, after


@inlined
def text(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return what follows the text whose first letter stands at ``at``, and its kind."""
    kind = TEXT
    while at < end:
        if ORDINARY[byte(data, at)]:
            at += 1
            continue
        if byte(data, at) == _QUOTE:
            return at + 1, kind
        if byte(data, at) != _BACKSLASH or at + 1 >= end or not _IS_ESCAPE[byte(data, at + 1)]:
            return FAILED, ABSENT
        kind = ESCAPED
        if byte(data, at + 1) == _U:
            for i in range(at + 2, at + 6):
                if i >= end or not _IS_HEX[byte(data, i)]:
                    return FAILED, ABSENT
            if byte(data, at + 2) | 32 == _D and byte(data, at + 3) >= _EIGHT:
                return FAILED, ABSENT  # half a pair, which has to have its other half
        at += 2
    return FAILED, ABSENT


@inlined
def _scalar(data: Bytes, at: int, end: int) -> tuple[int, int]:
    first = byte(data, at)
    if first == _MINUS or _ZERO <= first <= _NINE:
        return _digits(data, at, end)
    if first in (_T, _F, _N):
        word = 0 if first == _T else 1 if first == _F else 2
        n = 5 if first == _F else 4
        if at + n > end:
            return FAILED, ABSENT
        for i in range(n):
            if byte(data, at + i) != _WORDS[word, i]:
                return FAILED, ABSENT
        return at + n, TRUE + word
    return FAILED, ABSENT


@inlined
def _digits(data: Bytes, at: int, end: int) -> tuple[int, int]:
    kind = INTEGER
    if byte(data, at) == _MINUS:
        at += 1
    first = at
    at = _after_digits(data, first, end)
    if at == first or (byte(data, first) == _ZERO and at > first + 1):
        return FAILED, ABSENT
    if at < end and byte(data, at) == _POINT:
        kind = NUMBER
        first = at + 1
        at = _after_digits(data, first, end)
        if at == first:
            return FAILED, ABSENT
    if at < end and (byte(data, at) | 32) == _E:
        kind = NUMBER
        at += 1
        if at < end and byte(data, at) in (_PLUS, _MINUS):
            at += 1
        first = at
        at = _after_digits(data, first, end)
        if at == first:
            return FAILED, ABSENT
    return at, kind


@inlined
def _after_digits(data: Bytes, at: int, end: int) -> int:
    while at < end and _ZERO <= byte(data, at) <= _NINE:
        at += 1
    return at


@compiled
def _nested(data: Bytes, at: int, end: int) -> int:  # noqa: PLR0911, PLR0912 - a state machine
    """Return where the object or array at ``at`` ends; the object around it counts as a level."""
    depth, is_object = 1, np.uint64(0)  # one bit a level, the innermost last
    while True:
        at = blank(data, at, end)
        if at >= end:
            return FAILED
        opened = byte(data, at)
        if opened in (_BRACE, _BRACKET):
            depth += 1
            if depth > MAX_DEPTH:
                return FAILED
            is_object = (is_object << np.uint64(1)) | np.uint64(opened == _BRACE)
            at = blank(data, at + 1, end)
            if at >= end:
                return FAILED
            if byte(data, at) != opened + 2:  # in ASCII, } is two after {, and ] after [
                if opened == _BRACE:
                    at = _colon(data, at, end)
                    if at < 0:
                        return FAILED
                continue
        else:
            at = text(data, at + 1, end)[0] if opened == _QUOTE else _scalar(data, at, end)[0]
            if at < 0:
                return FAILED
            at = blank(data, at, end)
        while at < end and byte(data, at) == (
            _BRACE_END if is_object & np.uint64(1) else _BRACKET_END
        ):
            at += 1
            depth -= 1
            is_object >>= np.uint64(1)
            if depth == 1:
                return at
            at = blank(data, at, end)
        if at >= end or byte(data, at) != _COMMA:
            return FAILED
        at += 1
        if is_object & np.uint64(1):
            at = _colon(data, blank(data, at, end), end)
            if at < 0:
                return FAILED


@inlined
def _colon(data: Bytes, at: int, end: int) -> int:
    """Return what follows the name at ``at`` and its colon."""
    if at >= end or byte(data, at) != _QUOTE:
        return FAILED
    at = text(data, at + 1, end)[0]
    if at < 0:
        return FAILED
    at = blank(data, at, end)
    return at + 1 if at < end and byte(data, at) == _COLON else FAILED
