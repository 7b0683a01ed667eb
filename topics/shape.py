"""Checks on raw values that a JSON decoder leaves out: size, encoding, depth, repeated fields."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topics.deadletter import Bad

MAX_DEPTH: Final = 32
_MAX_FIELDS: Final = 64

_DEEP: Final = 1
_REPEATED: Final = 2
_QUOTE, _BACKSLASH, _COMMA = (ord(c) for c in '"\\,')
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = (ord(c) for c in "{}[]")


def misshapen(values: Sequence[bytes | None], max_bytes: int) -> dict[int, Bad]:
    """Return the values that must not reach the decoder, by position.

    Bytes that are not JSON at all mostly pass: the decoder refuses them. Depth is limited here
    because the decoder's own limit depends on how deep the caller's stack is; a repeated field of
    the outermost object is refused because other readers may take its other value.

    >>> misshapen([b'{"a": 1}', b'{"a": 1, "a": 2}', None], 1000)[1].detail
    'The field a occurs twice.'
    """
    sizes = np.array([0 if value is None else len(value) for value in values], np.int64)
    bad = dict(_wrong_sizes(values, sizes, max_bytes))
    readable = values if not bad else [b"" if i in bad else v for i, v in enumerate(values)]
    if bad:
        sizes[list(bad)] = 0
    joined = b"".join(readable)  # type: ignore[arg-type]
    if not joined.isascii():
        bad |= _undecodable(joined, readable)
    flags = np.zeros(len(sizes), np.uint8)
    _scan(np.frombuffer(joined, np.uint8), sizes, flags)
    for i in np.flatnonzero(flags).tolist():
        if i in bad:
            continue
        if flags[i] & _DEEP:
            bad[i] = Bad(i, "too_deep", f"The value is nested deeper than {MAX_DEPTH} levels.")
        elif name := _repeated_field(values[i] or b""):
            bad[i] = Bad(i, "duplicate_field", f"The field {name} occurs twice.")
    return bad


def _wrong_sizes(
    values: Sequence[bytes | None], sizes: NDArray[np.int64], max_bytes: int
) -> Iterator[tuple[int, Bad]]:
    for i in np.flatnonzero((sizes == 0) | (sizes > max_bytes)).tolist():
        if values[i] is None:
            yield i, Bad(i, "empty", "The record has no value (a tombstone).")
        elif sizes[i]:
            detail = f"The value has {sizes[i]} bytes; at most {max_bytes} are read."
            yield i, Bad(i, "too_large", detail)
        else:
            yield i, Bad(i, "empty", "The record's value is empty.")


def _undecodable(joined: bytes, values: Sequence[bytes | None]) -> dict[int, Bad]:
    """Return the values that are not UTF-8; msgspec does not look into fields that it skips."""
    bad = {}
    try:
        joined.decode()
    except UnicodeDecodeError:
        for i, value in enumerate(values):
            try:
                (value or b"").decode()
            except UnicodeDecodeError as error:
                detail = f"The value is not UTF-8 at byte {error.start}."
                bad[i] = Bad(i, "not_json", detail)
    return bad


def _repeated_field(value: bytes) -> str | None:
    """Return the first repeated field of the outermost object; None also for what is no JSON."""
    outermost: list[tuple[str, Any]] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        outermost[:] = pairs

    try:
        found = json.loads(value, object_pairs_hook=keep)
    except ValueError:
        return None
    seen: set[str] = set()
    for name, _ in outermost if found is None else ():
        if name in seen:
            return name
        seen.add(name)
    return None


@njit(cache=True, nogil=True)
def _scan(data: NDArray[np.uint8], sizes: NDArray[np.int64], flags: NDArray[np.uint8]) -> None:
    """Flag values that are too deep, and those whose outermost fields may repeat.

    Reads any bytes safely. A field written with escapes and more fields than are compared count
    as a possible repetition; :func:`_repeated_field` decides.
    """
    names = np.empty(_MAX_FIELDS, np.uint64)
    end = 0
    for k in range(sizes.shape[0]):
        at = end
        end += sizes[k]
        depth = 0
        n_names = 0
        name_next = False
        while at < end:
            byte = data[at]
            at += 1
            if byte == _QUOTE:
                is_name = name_next and depth == 1
                name_next = False
                name = np.uint64(14695981039346656037)  # FNV-1a
                while at < end and data[at] != _QUOTE:
                    if data[at] == _BACKSLASH:
                        at += 1
                        if is_name:
                            flags[k] |= _REPEATED
                    elif is_name:
                        name = (name ^ np.uint64(data[at])) * np.uint64(1099511628211)
                    at += 1
                at += 1
                if is_name:
                    for j in range(n_names):
                        if names[j] == name:
                            flags[k] |= _REPEATED
                    if n_names == _MAX_FIELDS:
                        flags[k] |= _REPEATED
                    else:
                        names[n_names] = name
                        n_names += 1
            elif byte == _OPEN_OBJECT or byte == _OPEN_ARRAY:
                depth += 1
                name_next = byte == _OPEN_OBJECT
                if depth > MAX_DEPTH:
                    flags[k] |= _DEEP
                    break
            elif byte == _CLOSE_OBJECT or byte == _CLOSE_ARRAY:
                depth -= 1
            elif byte == _COMMA:
                name_next = True
