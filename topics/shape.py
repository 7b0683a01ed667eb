"""Checks on raw values that a JSON decoder leaves out: size, encoding, depth, repeated fields."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from topics.deadletter import Bad, quoted

MAX_DEPTH: Final = 32
_MAX_FIELDS: Final = 64

_DEEP: Final = 1
_REPEATED: Final = 2

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_OTHER, _STRING, _OBJECT, _ARRAY, _CLOSE, _COMMA = range(6)
_KINDS: Final = np.array(
    [
        {'"': _STRING, "{": _OBJECT, "[": _ARRAY, "}": _CLOSE, "]": _CLOSE, ",": _COMMA}.get(
            c, _OTHER
        )
        for c in map(chr, range(256))
    ],
    np.uint8,
)
_ONE: Final = np.uint64(1)


def misshapen(values: Sequence[bytes | None], max_bytes: int) -> dict[int, Bad]:
    """Return the values that must not reach the decoder, by position.

    Bytes that are not JSON at all mostly pass: the decoder refuses them. Depth is limited here
    because the decoder's own limit depends on how deep the caller's stack is; a repeated field of
    the outermost object is refused because other readers may take its other value.

    >>> misshapen([b'{"a": 1}', b'{"a": 1, "a": 2}', None], 1000)[1].detail
    "The field 'a' occurs twice."
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
        elif (name := _repeated_field(values[i] or b"")) is not None:
            bad[i] = Bad(i, "duplicate_field", f"The field {quoted(name)} occurs twice.")
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
        # As str, for int() refuses what msgspec takes: more than 4,300 digits.
        found = json.loads(value, object_pairs_hook=keep, parse_int=str)
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
    names = np.empty(_MAX_FIELDS, np.uint64)  # where each name starts
    lengths = np.empty(_MAX_FIELDS, np.uint64)
    at = np.uint64(0)
    end = np.uint64(0)  # unsigned, so that NumPy's negative indices cost no test per byte
    for k in range(sizes.shape[0]):
        at = end
        end += np.uint64(sizes[k])
        depth = 0
        n_names = 0
        name_next = False
        while at < end:
            kind = _KINDS[data[at]]
            at += _ONE
            if kind == _STRING:
                start = at
                while at < end and data[at] != _QUOTE:
                    at += _ONE + np.uint64(data[at] == _BACKSLASH)
                size = min(at, end) - start
                at += _ONE
                if name_next and depth == 1:
                    if n_names == _MAX_FIELDS or _may_repeat(
                        data, start, size, names, lengths, n_names
                    ):
                        flags[k] |= _REPEATED
                    else:
                        names[n_names] = start
                        lengths[n_names] = size
                        n_names += 1
                name_next = False
            elif kind == _CLOSE:
                depth -= 1
            elif kind != _OTHER:
                name_next = kind != _ARRAY
                if kind != _COMMA:
                    depth += 1
                    if depth > MAX_DEPTH:
                        flags[k] |= _DEEP
                        break


@njit(cache=True, inline="always")
def _may_repeat(
    data: NDArray[np.uint8],
    at: np.uint64,
    size: np.uint64,
    names: NDArray[np.uint64],
    sizes: NDArray[np.uint64],
    n_names: int,
) -> bool:
    """Return whether a name has escapes, or the bytes of one of the names before it."""
    for i in range(at, at + size):
        if data[i] == _BACKSLASH:
            return True
    for k in range(n_names):
        if sizes[k] == size:
            n_same = np.uint64(0)
            while n_same < size and data[names[k] + n_same] == data[at + n_same]:
                n_same += _ONE
            if n_same == size:
                return True
    return False
