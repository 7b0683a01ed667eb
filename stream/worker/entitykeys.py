"""Under which keys a worker's store of links keeps what, in which layout, and from what."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.links import LINK, N_KINDS
from stream.worker.linksink import LinkRecord
from stream.worker.unreadable import REMEDY
from topics.columns import Rows

ENTITY: Final = b"n"
"""Before an entity's token: its packed state."""

EVENT: Final = b"e"
"""Before an event: its entities, which a label may still be about, and its time."""

WAITING: Final = b"w"
"""Before an event that has not come yet: the labels about it."""

NAMED: Final = np.dtype([("tokens", "u8", (N_KINDS,)), ("event_ms", "i8")])
"""What is kept of an event: its entities, and its time, by which old events can be forgotten."""


def keys_of(prefix: bytes, tokens: NDArray[np.uint64]) -> list[bytes]:
    r"""Return the keys of tokens, uint64[n], which stand in them with their lowest byte first.

    >>> keys_of(b"n", np.array([1], np.uint64))
    [b'n\x01\x00\x00\x00\x00\x00\x00\x00']
    """
    keys = np.empty((len(tokens), 9), np.uint8)
    keys[:, 0] = prefix[0]
    keys[:, 1:] = np.ascontiguousarray(tokens).view(np.uint8).reshape(-1, 8)
    return as_bytes(keys)


def as_bytes(rows: NDArray[np.uint8]) -> list[bytes]:
    """Return the rows of a table of bytes, uint8[n, m], each as bytes."""
    found: list[bytes] = rows.view(f"V{rows.shape[1]}").ravel().tolist()
    return found


def in_key_order(tokens: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return numbers, uint64[n], that compare as the keys of these tokens do."""
    return tokens.byteswap()


def fresh_rows(records: Sequence[LinkRecord]) -> list[Rows]:
    """Return LINK[n] of each record, without the rows that were handed over before.

    Raises ValueError, with partition and offset, for one that does not hold whole rows.
    """
    parts: list[Rows] = []
    for record in records:
        if len(record.value) % LINK.itemsize:
            raise ValueError(
                f"partition {record.partition}, offset {record.offset}: {len(record.value)} bytes "
                f"are not a multiple of the {LINK.itemsize} of a link; {REMEDY}"
            )
        rows = np.frombuffer(record.value, LINK)
        fresh = rows["offset"] > record.skip_to
        parts.append(rows if fresh.all() else rows[fresh])
    return parts
