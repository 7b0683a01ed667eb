"""Links: which user touched which entity when, as rows that any worker can apply."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.entities import KIND_SALT, TOUCH, USER_MASK
from stream.pipeline.layout import PF_NEW_ADDRESS, PF_NEW_DEVICE, PF_NEW_INSTRUMENT, PF_NEW_IP
from topics.columns import Rows
from topics.vocabulary import BROWSE, ENTITY_KINDS, ORDER, PLACED, REVIEW

N_KINDS: Final = len(ENTITY_KINDS)
NEW_FLAG: Final = np.array(
    [PF_NEW_DEVICE, PF_NEW_ADDRESS, PF_NEW_INSTRUMENT, PF_NEW_IP, 0, 0], np.int64
)
"""The flag of a past event that says the user is new to an entity, by kind."""

LINK: Final = np.dtype(
    [
        ("offset", "i8"),  # in the source topic
        ("event", "u8"),
        ("user", "i8"),  # 48 bits
        ("time_ms", "i8"),  # of a label: when it became known
        ("event_ms", "i8"),  # of the event itself
        ("amount", "f8"),
        ("tokens", "u8", (N_KINDS,)),  # mixed with the kind; 0: no link; all 0 in a label
        ("labels", "i1"),
        ("frauds", "i1"),
        ("is_label", "u1"),
        ("is_order", "u1"),
        ("kept", "u1"),  # whether a label may come: the event's tokens are remembered
    ]
)
"""One event's links, or one label about an event."""


def entity_tokens(events: Rows) -> NDArray[np.uint64]:
    """Return uint64[n, 6], what each event names of each kind, mixed with the kind; 0: nothing."""
    tokens = np.empty((len(events), N_KINDS), np.uint64)
    for kind, name in enumerate(ENTITY_KINDS):
        column = events[name]
        if name == "text":
            column = np.where(events["type"] == REVIEW, column, 0)
        tokens[:, kind] = np.where(column == 0, 0, column ^ KIND_SALT[kind])
    return tokens


def event_links(events: Rows, flags: NDArray[np.int64], offsets: NDArray[np.int64]) -> Rows:
    """Return LINK[n] of EVENT[n]; browse events link only where the user is new to the entity.

    ``flags`` int64[n] are those of `stream.pipeline.users.UserResult`.
    """
    links = np.zeros(len(events), LINK)
    tokens = entity_tokens(events)
    is_new = flags[:, None] & NEW_FLAG != 0
    browse = events["type"] == BROWSE
    links["offset"] = offsets
    links["event"] = events["event"]
    links["user"] = (events["user"] & USER_MASK).astype(np.int64)
    links["time_ms"] = links["event_ms"] = events["time_ms"]
    links["amount"] = np.nan_to_num(events["amount"])
    links["tokens"] = np.where(browse[:, None] & ~is_new, 0, tokens)
    links["is_order"] = (events["type"] == ORDER) & (events["step"] == PLACED)
    links["kept"] = ~browse
    return links


def telling(labels: Rows, change: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which labels change what is known of an event.

    ``change`` int64[m, 2] is by how much each of LABEL[m] changes the counts of labels and frauds.
    """
    told: NDArray[np.bool_] = (labels["event"] != 0) & (change != 0).any(axis=1)
    return told


def label_links(labels: Rows, change: NDArray[np.int64], offsets: NDArray[np.int64]) -> Rows:
    """Return LINK rows of the labels that are `telling`; ``change`` is as there."""
    told = telling(labels, change)
    links = np.zeros(int(told.sum()), LINK)
    links["offset"] = offsets[told]
    links["event"] = labels["event"][told]
    links["user"] = (labels["user"][told] & USER_MASK).astype(np.int64)
    links["time_ms"] = labels["known_ms"][told]
    links["event_ms"] = labels["time_ms"][told]
    links["labels"] = change[told, 0]
    links["frauds"] = change[told, 1]
    links["is_label"] = 1
    return links


def by_batch(links: Rows, origin: NDArray[np.int64], n: int) -> list[bytes | None]:
    """Return the rows of each of ``n`` batches as one value, None where there are none.

    ``origin`` says of which batch each row is.
    """
    counts = np.bincount(origin, minlength=n)
    ordered = links[np.argsort(origin, kind="stable")].tobytes()
    ends = (np.cumsum(counts) * LINK.itemsize).tolist()
    starts = [0, *ends[:-1]]
    return [ordered[a:b] or None for a, b in zip(starts, ends, strict=True)]


def asking(events: Rows) -> Rows:
    """Return the touches that ask about every entity that EVENT[n] names.

    The answer to kind ``k`` of event ``i`` goes to row ``6 * i + k``.
    """
    tokens = entity_tokens(events)
    touches = np.zeros(tokens.shape, TOUCH)
    touches["entity"] = tokens
    touches["time_ms"] = events["time_ms"][:, None]
    touches["user"] = (events["user"] & USER_MASK).astype(np.int64)[:, None]
    touches["row"] = np.arange(tokens.size).reshape(tokens.shape)
    asked: Rows = touches[tokens != 0]
    return asked


def adding(links: Rows, row: NDArray[np.int64] | None = None) -> Rows:
    """Return the touches that count LINK[n] at their entities, in the same order.

    Their ``row`` is that of the link in ``row`` int64[n], or -1. It has to be -1 where `visit`
    takes them: another is the row of an answer to fill.
    """
    link, kind = np.nonzero(links["tokens"])
    touches = np.empty(len(link), TOUCH)
    touches["entity"] = links["tokens"][link, kind]
    for name in ("time_ms", "user", "amount", "labels", "frauds", "is_order"):
        touches[name] = links[name][link]
    touches["row"] = -1 if row is None else row[link]
    touches["adds"] = 1
    return touches
