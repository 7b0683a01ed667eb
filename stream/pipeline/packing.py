"""Numbers as bytes: varints, floats and short integers, read and written at a cursor."""

from typing import Any

import numpy as np

from stream.pipeline.compiled import kernel


@kernel
def put_varint(out: Any, at: int, value: int) -> Any:
    """Write an unsigned LEB128 integer at ``at``; return the position after it."""
    while value >= 128:
        out[at] = (value & 127) | 128
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@kernel
def get_varint(data: Any, at: int) -> Any:
    """Read an unsigned LEB128 integer at ``at``; return it and the position after it."""
    value: Any = 0
    shift = 0
    while data[at] >= 128:
        value |= (np.int64(data[at]) & 127) << shift
        shift += 7
        at += 1
    return value | np.int64(data[at]) << shift, at + 1


@kernel
def put_signed(out: Any, at: int, value: int) -> Any:
    """Write a signed integer in zigzag form: small magnitudes take few bytes."""
    return put_varint(out, at, value << 1 if value >= 0 else ((-value) << 1) - 1)


@kernel
def get_signed(data: Any, at: int) -> Any:
    """Read an integer written by `put_signed`."""
    value, at = get_varint(data, at)
    return (value >> 1 if value & 1 == 0 else -((value + 1) >> 1)), at


@kernel
def put_bytes(out: Any, at: int, value: int, n_bytes: int) -> Any:
    """Write the low ``n_bytes`` bytes of an integer, the lowest first."""
    for i in range(n_bytes):
        out[at + i] = (value >> (8 * i)) & 255
    return at + n_bytes


@kernel
def get_bytes(data: Any, at: int, n_bytes: int) -> Any:
    """Read an integer of at most seven bytes written by `put_bytes`."""
    value: Any = 0
    for i in range(n_bytes):
        value |= np.int64(data[at + i]) << (8 * i)
    return value, at + n_bytes


@kernel
def put_real(out: Any, at: int, value: float, real: Any, real_bytes: Any) -> Any:
    """Write a float64; ``real_bytes`` is a byte view of the one-element array ``real``."""
    real[0] = value
    for i in range(8):
        out[at + i] = real_bytes[i]
    return at + 8


@kernel
def get_real(data: Any, at: int, real: Any, real_bytes: Any) -> Any:
    """Read a float64 written by `put_real`."""
    for i in range(8):
        real_bytes[i] = data[at + i]
    return real[0], at + 8
