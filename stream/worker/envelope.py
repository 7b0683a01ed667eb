"""The header of every stored state: who wrote it, and what it has applied of which topic.

Layout, little-endian, 64 bytes, then the processor's own bytes:

====== ======= ==============================================================================
offset type    meaning
====== ======= ==============================================================================
0      u4      version of this layout (low byte 1)
4      u4      unused, 0
8      i8      term of the writer: see `term_of`
16     u4[4]   per source topic, the life of the topic that ``applied`` belongs to; 0 unknown
32     i8[4]   per source topic, the last offset that is in this state; -1 none
====== ======= ==============================================================================
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

N_SOURCES = 4
VERSION = 1
HEADER = np.dtype(
    [
        ("version", "<u4"),
        ("unused", "<u4"),
        ("term", "<i8"),
        ("epoch", "<u4", (N_SOURCES,)),
        ("applied", "<i8", (N_SOURCES,)),
    ]
)
SIZE = HEADER.itemsize

Headers = NDArray[np.void]


def term_of(generation: int, newest_term: int) -> int:
    """Return the term of a consumer generation, later than every term before it.

    Within the life of a consumer group the generation only grows, and is the term's low 32 bits.
    A group that was deleted or expired starts again at 1; then the high bits, the era, grow.

    >>> term_of(7, -1), term_of(7, 7), term_of(8, 7)
    (7, 7, 8)
    >>> term_of(1, 7) == (1 << 32) + 1, term_of(2, (1 << 32) + 1) == (1 << 32) + 2
    (True, True)
    """
    era, newest = divmod(max(newest_term, 0), 1 << 32)
    return ((era + (generation < newest)) << 32) + generation


def new_headers(n: int) -> Headers:
    """Return headers of ``n`` states that have applied nothing."""
    headers = np.zeros(n, HEADER)
    headers["version"] = VERSION
    headers["applied"] = -1
    return headers


def unpack(values: Sequence[bytes | None]) -> tuple[Headers, list[bytes | None]]:
    """Split stored values into headers HEADER[n] and the processor's bytes; None: no value.

    Raises ValueError for a value that is shorter than a header or of an unknown version.

    >>> headers, states = unpack([None, *pack(new_headers(1), [b"state"])])
    >>> states, int(headers["applied"].max())
    ([None, b'state'], -1)
    """
    blank = BLANK
    raw = b"".join([blank if value is None else value[:SIZE] for value in values])
    if len(raw) != SIZE * len(values):
        raise ValueError("a stored state is shorter than its header; the store is damaged")
    headers = np.frombuffer(raw, HEADER).copy()
    if (headers["version"] != VERSION).any():
        found = headers["version"][headers["version"] != VERSION][0]
        raise ValueError(f"a stored state has version {found}; this program reads {VERSION}")
    return headers, [None if value is None else value[SIZE:] for value in values]


def pack(headers: Headers, states: Sequence[bytes | None]) -> list[bytes | None]:
    """Put headers HEADER[n] before the processor's bytes; None stays None (an erased state)."""
    raw = headers.tobytes()
    return [
        None if state is None else raw[start : start + SIZE] + state
        for start, state in zip(range(0, len(raw), SIZE), states, strict=True)
    ]


BLANK = new_headers(1).tobytes()
