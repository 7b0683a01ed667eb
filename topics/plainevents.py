"""Events in plain JSON become a batch without a Python object for every field."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from topics import eventfields as f
from topics.columns import EVENT, EventBatch
from topics.compiled import interpreted
from topics.eventrows import fill_texts, known_attributes, short
from topics.eventscan import Scanned, scan_events
from topics.flatobject import surely_flat
from topics.hashing import Tokens
from topics.jsonvalue import ESCAPED
from topics.records import Attribute

MOST_BYTES: Final = 2**31 - 1
"""Of all values together: where their texts begin and end is kept in 32 bits."""

_ATTRIBUTES: Final = msgspec.json.Decoder(dict[str, Attribute])


class _Letters:
    """Cuts texts out of bytes; out of one string where all bytes are ASCII, which is faster.

    Raises UnicodeDecodeError for bytes that are not UTF-8.
    """

    def __init__(self, joined: bytes) -> None:
        text = joined.decode()
        self._bytes = joined
        self._plain = text if joined.isascii() else None

    def cut(self, begins: NDArray[np.int32], ends: NDArray[np.int32]) -> list[str]:
        pairs = zip(begins.tolist(), ends.tolist(), strict=True)
        if (plain := self._plain) is not None:
            return [plain[a:b] for a, b in pairs]
        return [self._bytes[a:b].decode() for a, b in pairs]

    def written(self, span: Sequence[int]) -> str:
        """Return the text of a kind, begin and end; raises JSONDecodeError for half a letter."""
        kind, begin, end = span
        if kind == ESCAPED:
            found: str = orjson.loads(self._bytes[begin - 1 : end + 1])
            return found
        return self._bytes[begin:end].decode()


def read_plain(
    values: Sequence[bytes | None],
    hints: NDArray[np.int8],
    max_bytes: int,
    tokens: Tokens,
    keeps_attributes: bool = True,
) -> tuple[EventBatch, NDArray[np.bool_]]:
    """Return the events of the values that are plain and right, and which these are, bool[n].

    Without ``keeps_attributes`` events have None for them, and only their shape is checked.
    ``hints`` int8[n] are the types that they must have, -1 where a value names its own. What is
    left out may be right, too; without compiled code, or where the values have 2 GB, it is all.
    """
    nothing = EventBatch(np.zeros(0, EVENT), [], [], [], []), np.zeros(len(values), np.bool_)
    sizes = np.fromiter((len(value or b"") for value in values), np.int64, len(values))
    if interpreted() or sizes.sum() > MOST_BYTES:
        return nothing
    joined = b"".join([value or b"" for value in values] if None in values else values)  # type: ignore[arg-type]
    try:
        letters = _Letters(joined)
    except UnicodeDecodeError:
        return nothing
    data = np.frombuffer(joined, np.uint8)
    found = scan_events(data, np.cumsum(sizes), hints, max_bytes)
    texts = _texts(letters, found)
    attributes = _attributes(joined, data, found, keeps_attributes)
    at = np.flatnonzero(found.plain)
    rows = _rows(data, found, at, tokens)
    picks = at.tolist()
    said = [texts.get(i) for i in picks]
    fill_texts(rows, said, tokens)
    batch = EventBatch(
        rows,
        letters.cut(*found.identities[at, f.TO_EVENT].T),
        letters.cut(*found.identities[at, f.TO_USER].T),
        said,
        [attributes.get(i) for i in picks],
    )
    return batch, found.plain


def _rows(data: NDArray[np.uint8], found: Scanned, at: NDArray[np.int64], tokens: Tokens) -> Any:
    rows = np.zeros(len(at), EVENT)
    for i, name in enumerate(f.CODES):
        rows[name] = found.codes[at, i]
    rows["source"] = rows["type"]
    for i, name in enumerate(f.TIMES):
        rows[name] = found.times[at, i]
    for i, name in enumerate(f.NUMBERS):
        rows[name] = found.numbers[at, i]
    used = found.identities[at].reshape(-1, 2)
    told = tokens.spans(data, used[:, 0], used[:, 1]).reshape(len(at), len(f.IDENTITIES))
    for i, name in enumerate(f.IDENTITIES):
        rows[name] = told[:, i] if i < f.N_LONG else short(told[:, i])
    rows["ip"] = tokens.networks(data, found.ip[at, 0], found.ip[at, 1])
    return rows


def _texts(letters: _Letters, found: Scanned) -> dict[int, str]:
    """Return the texts by row; a row whose text cannot be read is no longer plain."""
    texts = {}
    for i in np.flatnonzero(found.plain & (found.texts[:, 0, 0] > 0)).tolist():
        body, title = found.texts[i].tolist()
        try:
            texts[i] = letters.written(body)
            if title[2] > title[1]:
                texts[i] = f"{letters.written(title)}\n{texts[i]}"
        except orjson.JSONDecodeError:
            found.plain[i] = False
    return texts


def _attributes(
    joined: bytes, data: NDArray[np.uint8], found: Scanned, kept: bool
) -> dict[int, dict[str, Any] | None]:
    attributes = {}
    at = np.flatnonzero(found.plain & (found.attributes[:, 1] > 0))
    if not kept:
        at = at[~surely_flat(data, found.attributes[at])]
    for i in at.tolist():
        begin, end = found.attributes[i].tolist()
        try:
            named = known_attributes(_ATTRIBUTES.decode(joined[begin:end]))
            attributes[i] = named if kept else None
        except msgspec.MsgspecError:
            found.plain[i] = False
    return attributes
