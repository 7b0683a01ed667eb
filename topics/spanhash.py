"""Digests of texts that stand in one array of bytes, each different text hashed once."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.blake import digest, workspace
from topics.compiled import compiled

MOST_SLOTS: Final = 1 << 14
_FNV_BASIS, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_POINT, _ZERO, _NINE = (ord(c) for c in ".09")
_PREFIX_END: Final = np.frombuffer(b"0/24", np.uint8).copy()


def span_digests(
    keyed: NDArray[np.uint64],
    data: NDArray[np.uint8],
    begins: NDArray[Any],
    ends: NDArray[Any],
) -> NDArray[np.uint64]:
    """Return the digests of ``data[begins[i]:ends[i]]``, 0 where that is empty, uint64[n]."""
    out = np.empty(len(begins), np.uint64)
    _digests(keyed, data, *_side_by_side(begins, ends), _slots(len(begins)), out)
    return out


def network_digests(
    keyed: NDArray[np.uint64],
    data: NDArray[np.uint8],
    begins: NDArray[Any],
    ends: NDArray[Any],
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the digests of the /24 networks of IPv4 addresses, and which texts are no such."""
    out, is_other = np.zeros(len(begins), np.uint64), np.zeros(len(begins), np.bool_)
    _networks(keyed, data, *_side_by_side(begins, ends), out, is_other)
    return out, is_other


def _side_by_side(begins: NDArray[Any], ends: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both without gaps; a loop is compiled once more for a column that has some.

    A column of a matrix has gaps, but for one of no or one row, so both would be compiled.
    """
    return np.ascontiguousarray(begins), np.ascontiguousarray(ends)


def _slots(n: int) -> NDArray[np.int64]:
    """Return an empty table int64[slots, 2] of the text kept in each slot, by begin and end."""
    return np.zeros((min(MOST_SLOTS, 1 << (4 * n).bit_length()), 2), np.int64)


@compiled
def _digests(
    keyed: NDArray[np.uint64],
    data: NDArray[np.uint8],
    begins: NDArray[Any],
    ends: NDArray[Any],
    slots: NDArray[np.int64],
    out: NDArray[np.uint64],
) -> None:
    work = workspace()
    kept = np.zeros(len(slots), np.uint64)
    mask = np.uint64(len(slots) - 1)
    for i in range(len(begins)):
        at, end = begins[i], ends[i]
        if end <= at:
            out[i] = 0
            continue
        hashed = _FNV_BASIS
        for j in range(at, end):
            hashed = (hashed ^ np.uint64(data[j])) * _FNV_PRIME
        slot = (hashed ^ (hashed >> np.uint64(32))) & mask
        if not _same(data, at, end, slots[slot, 0], slots[slot, 1]):
            slots[slot, 0], slots[slot, 1] = at, end
            kept[slot] = digest(keyed, data, at, end, work)
        out[i] = kept[slot]


@compiled
def _same(data: NDArray[np.uint8], at: int, end: int, other: int, other_end: int) -> bool:
    if other_end - other != end - at:
        return False
    k = 0
    while k < end - at and data[at + k] == data[other + k]:
        k += 1
    return k == end - at


@compiled
def _networks(
    keyed: NDArray[np.uint64],
    data: NDArray[np.uint8],
    begins: NDArray[Any],
    ends: NDArray[Any],
    out: NDArray[np.uint64],
    is_other: NDArray[np.bool_],
) -> None:
    work = workspace()
    name = np.zeros(16, np.uint8)
    for i in range(len(begins)):
        if begins[i] == ends[i]:
            continue
        n = _three_octets(data, begins[i], ends[i], name)
        if n < 0:
            is_other[i] = True
            continue
        for k in range(4):
            name[n + k] = _PREFIX_END[k]
        out[i] = digest(keyed, name, 0, n + 4, work)


@compiled
def _three_octets(data: NDArray[np.uint8], at: int, end: int, name: NDArray[np.uint8]) -> int:
    """Copy an IPv4 address up to its last point into ``name``; return its length, -1 for none."""
    n = octets = 0
    while True:
        value, first = 0, at
        while at < end and _ZERO <= data[at] <= _NINE and at - first < 4:
            value = value * 10 + data[at] - _ZERO
            at += 1
        n_digits = at - first
        if n_digits == 0 or value > 255 or (n_digits > 1 and data[first] == _ZERO):
            return -1
        octets += 1
        if octets == 4:
            return n if at == end else -1
        if at >= end or data[at] != _POINT:
            return -1
        at += 1
        for k in range(first, at):
            name[n] = data[k]
            n += 1
