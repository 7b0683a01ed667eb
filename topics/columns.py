"""Decoded events and labels as columns: NumPy rows for arithmetic, lists for what stays text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]
"""An array of one of the structured types below."""


def taken(rows: Rows, at: NDArray[np.int64]) -> Rows:
    """Return ``rows[at]`` for positions ``at``, in a tenth of its time.

    NumPy copies the fields of a row one after another; here a row is a piece of memory.

    >>> rows = np.array([(1, 2.5), (3, 4.5)], [("one", "i8"), ("two", "f8")])
    >>> taken(rows, np.array([1, 0])).tolist()
    [(3, 4.5), (1, 2.5)]
    """
    return rows.view(f"V{rows.itemsize}").take(at).view(rows.dtype)


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of one or more parts, all of one type, one after another.

    >>> joined([np.array([(1,)], [("one", "i8")]), np.array([(2,)], [("one", "i8")])]).tolist()
    [(1,), (2,)]
    """
    memory = [part.view(f"V{part.itemsize}") for part in parts]
    return np.concatenate(memory).view(parts[0].dtype)


def order_of(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the positions of evenly spread 64-bit keys in their order; equal ones keep theirs.

    This is ``np.argsort(keys, kind="stable")`` in a third of its time: the high bits of a key and
    its position are sorted as one number.

    >>> order_of(np.array([5 << 60, 3 << 60, 5 << 60], np.uint64)).tolist()
    [1, 0, 2]
    """
    n_bits = np.uint64(max(1, len(keys) - 1).bit_length())
    below = (np.uint64(1) << n_bits) - np.uint64(1)
    both = keys & ~below | np.arange(len(keys), dtype=np.uint64)
    both.sort()
    order = (both & below).astype(np.int64)
    ordered = keys[order]
    if (ordered[1:] < ordered[:-1]).any():  # keys that differ in their low bits alone
        return np.argsort(keys, kind="stable")
    return order


EVENT: Final = np.dtype(
    [
        ("user", "u8"),  # tokens are 64-bit keyed hashes; 0 means absent
        ("event", "u8"),
        ("order", "u8"),
        ("time_ms", "i8"),
        ("account_created_ms", "i8"),  # 0: unknown
        ("amount", "f8"),  # an order's amount, a browse event's price, else NaN; major units
        ("device", "u8"),
        ("address", "u8"),  # where it is shipped to
        ("billing", "u8"),
        ("instrument", "u8"),
        ("ip", "u8"),  # of the /24 (IPv4) or /48 (IPv6) prefix
        ("seller", "u8"),
        ("sku", "u8"),
        ("session", "u8"),
        ("text", "u8"),  # of the normalised text
        ("category", "u4"),  # of an order: its dearest item's
        ("currency", "u4"),
        ("method", "u4"),  # payment method
        ("channel", "u4"),
        ("n_items", "f4"),  # sum of quantities of an order, else NaN
        ("dwell_ms", "f4"),  # NaN: unknown
        ("helpful", "f4"),  # helpful votes of a review, else NaN
        ("text_chars", "u4"),
        ("type", "u1"),
        ("step", "u1"),
        ("rating", "u1"),  # 1-5 of a review, else 0
        ("verified", "u1"),
        ("source", "u1"),  # the input topic: 0 orders, 1 browse, 2 reviews
        ("sketch", "u1", (16,)),
    ],
    align=True,
)
"""One event. Read-only once decoded."""

LABEL: Final = np.dtype(
    [
        ("user", "u8"),
        ("event", "u8"),  # 0: the label is about the user
        ("label", "u8"),
        ("time_ms", "i8"),
        ("known_ms", "i8"),
        ("amount", "f8"),
        ("kind", "u1"),
        ("is_fraud", "u1"),
    ],
    align=True,
)
"""What turned out to be true of an event or a user, and when that became known."""

PAST: Final = np.dtype(
    [
        ("step", "u1"),
        ("rating", "u1"),
        ("flags", "u2"),
        ("category", "u2"),
        ("seller", "u2"),
        ("amount", "f4"),
        ("time_s", "u4"),
        ("sketch", "u1", (16,)),
    ]
)
"""One past event of a user as the Transformer reads it, 32 bytes. ``step`` 255 marks no event."""


@dataclass(frozen=True, eq=False)
class EventBatch:
    """Decoded events in the order of arrival; all members have the same length.

    ``texts`` holds what a person wrote (a review with its title, an order's description, a search
    query) or None; ``attributes`` the event's free fields or None.
    """

    rows: Rows
    event_ids: list[str]
    user_ids: list[str]
    texts: list[str | None]
    attributes: list[dict[str, Any] | None]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Sequence[int] | NDArray[np.int64]) -> Self:
        """Return the events at ``index``, in that order."""
        at = np.asarray(index, np.int64)
        picks = at.tolist()
        return type(self)(
            self.rows.take(at),
            [self.event_ids[i] for i in picks],
            [self.user_ids[i] for i in picks],
            [self.texts[i] for i in picks],
            [self.attributes[i] for i in picks],
        )


@dataclass(frozen=True, eq=False)
class LabelBatch:
    """Decoded labels in the order of arrival; ``event_ids`` is None where about the user."""

    rows: Rows
    label_ids: list[str]
    user_ids: list[str]
    event_ids: list[str | None]
    scenarios: list[str | None]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Sequence[int] | NDArray[np.int64]) -> Self:
        """Return the labels at ``index``, in that order."""
        at = np.asarray(index, np.int64)
        picks = at.tolist()
        return type(self)(
            self.rows.take(at),
            [self.label_ids[i] for i in picks],
            [self.user_ids[i] for i in picks],
            [self.event_ids[i] for i in picks],
            [self.scenarios[i] for i in picks],
        )


def concatenated(batches: Sequence[EventBatch]) -> EventBatch:
    """Return the events of several batches as one, batch after batch."""
    rows = np.empty(sum(map(len, batches)), EVENT)  # np.concatenate would compare all fields
    end = 0
    for batch in batches:
        end += len(batch)
        rows[end - len(batch) : end] = batch.rows
    return EventBatch(
        rows,
        [event_id for batch in batches for event_id in batch.event_ids],
        [user_id for batch in batches for user_id in batch.user_ids],
        [text for batch in batches for text in batch.texts],
        [attributes for batch in batches for attributes in batch.attributes],
    )
