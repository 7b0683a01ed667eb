"""Events in plain JSON become columns in one pass over their bytes.

Plain means without what takes more than a look at the bytes: times in words, numbers with more
than 15 digits, escapes in anything but a text that people wrote. A value that is not plain, or not
right, is left to the decoder that reads everything and says what is wrong.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics import eventfields as f
from topics.compiled import compiled, inlined
from topics.jsonnumber import natural
from topics.jsonscan import MAX_UNKNOWN, scan_object
from topics.jsonvalue import (
    ABSENT,
    ESCAPED,
    INTEGER,
    NULL,
    OBJECT,
    TEXT,
    Bytes,
    blank,
)  # fmt: skip
from topics.lexicon import find
from topics.orderscan import Work, read_order, workspace
from topics.records import (
    EARLIEST_MS,
    LARGEST,
    LATEST_MS,
    MAX_EVENT_ID,
    MAX_USER_ID,
    MOST_COUNTED,
)  # fmt: skip
from topics.spans import flag, identity, ranged, written
from topics.vocabulary import BROWSE, FIRST_BROWSE_STEP, ORDER, REVIEW, REVIEWED


class Scanned(NamedTuple):
    """What was read of ``n`` values; rows that are not ``plain`` mean nothing.

    ``codes`` uint8[n, 4], ``times`` int64[n, 2] and ``numbers`` float64[n, 4] have the columns that
    `topics.eventfields` names; ``identities`` int32[n, I, 2], ``ip`` and ``attributes``
    int32[n, 2]: where their bytes begin and end, nowhere where absent; ``texts`` int32[n, 2, 3]:
    kind, begin and end of the text and the title.
    """

    plain: NDArray[np.bool_]
    codes: NDArray[np.uint8]
    times: NDArray[np.int64]
    numbers: NDArray[np.float64]
    identities: NDArray[np.int32]
    ip: NDArray[np.int32]
    attributes: NDArray[np.int32]
    texts: NDArray[np.int32]


def scan_events(
    data: Bytes, ends: NDArray[np.int64], hints: NDArray[np.int8], max_bytes: int
) -> Scanned:
    """Read values that stand one after another in ``data``; each ends where ``ends`` says.

    ``hints`` int8[n] are the types that they must have, -1 where a value names its own.
    """
    n = len(ends)
    found = Scanned(
        np.zeros(n, np.bool_),
        np.zeros((n, len(f.CODES)), np.uint8),
        np.zeros((n, len(f.TIMES)), np.int64),
        np.full((n, len(f.NUMBERS)), np.nan),
        np.zeros((n, len(f.IDENTITIES), 2), np.int32),
        np.zeros((n, 2), np.int32),
        np.zeros((n, 2), np.int32),
        np.zeros((n, 2, 3), np.int32),
    )
    _scan(data, ends, hints, max_bytes, f.WORDS, workspace(), found)
    return found


@compiled
def _scan(
    data: Bytes,
    ends: NDArray[np.int64],
    hints: NDArray[np.int8],
    max_bytes: int,
    words: f.Words,
    work: Work,
    out: Scanned,
) -> None:
    spans = np.zeros((len(f.FIELDS), 3), np.int64)
    unknown = np.zeros((MAX_UNKNOWN, 2), np.int64)
    at = 0
    for i in range(len(ends)):
        start, at = at, ends[i]
        if at - start > max_bytes:
            continue
        after = scan_object(data, blank(data, start, at), at, words.fields, spans, unknown)
        if after < 0 or blank(data, after, at) < at:
            continue
        hint = event_type = hints[i]
        if spans[f.TYPE, 0] == TEXT:
            event_type = find(words.types, data, spans[f.TYPE, 1], spans[f.TYPE, 2])
        elif spans[f.TYPE, 0] != ABSENT:
            continue
        if event_type < 0 or (hint >= 0 and event_type != hint):
            continue
        out.codes[i, f.TO_TYPE] = event_type
        plain = _times(data, spans, out, i) and _common(spans, out, i)
        if event_type == ORDER:
            plain = plain and read_order(data, spans, work, words, out, i)
        elif event_type == BROWSE:
            plain = plain and _browse(data, spans, words, out, i)
        elif event_type == REVIEW:
            plain = plain and _review(data, spans, out, i)
        out.plain[i] = plain


@inlined
def _times(data: Bytes, spans: NDArray[np.int64], out: Scanned, i: int) -> bool:
    if spans[f.EVENT_TIME, 0] != INTEGER:
        return False
    time_ms = natural(data, spans[f.EVENT_TIME, 1], spans[f.EVENT_TIME, 2])
    created_ms = 0
    if spans[f.ACCOUNT_CREATED_AT, 0] == INTEGER:
        created_ms = natural(data, spans[f.ACCOUNT_CREATED_AT, 1], spans[f.ACCOUNT_CREATED_AT, 2])
    elif spans[f.ACCOUNT_CREATED_AT, 0] not in (ABSENT, NULL):
        return False
    out.times[i, f.TO_TIME], out.times[i, f.TO_CREATED] = time_ms, created_ms
    return bool(EARLIEST_MS <= time_ms < LATEST_MS and 0 <= created_ms < LATEST_MS)


@inlined
def _common(spans: NDArray[np.int64], out: Scanned, i: int) -> bool:
    for field, most in ((f.EVENT_ID, MAX_EVENT_ID), (f.USER_ID, MAX_USER_ID)):
        if spans[field, 0] != TEXT or not 0 < spans[field, 2] - spans[field, 1] <= most:
            return False  # longer ones may still be right: characters count, not bytes
    if spans[f.ATTRIBUTES, 0] == OBJECT:
        out.attributes[i, 0], out.attributes[i, 1] = spans[f.ATTRIBUTES, 1], spans[f.ATTRIBUTES, 2]
    elif spans[f.ATTRIBUTES, 0] not in (ABSENT, NULL):
        return False
    if spans[f.IP, 0] == TEXT:
        out.ip[i, 0], out.ip[i, 1] = spans[f.IP, 1], spans[f.IP, 2]
    elif spans[f.IP, 0] not in (ABSENT, NULL):
        return False
    return (
        identity(spans, f.EVENT_ID, out.identities, f.TO_EVENT, i)
        and identity(spans, f.USER_ID, out.identities, f.TO_USER, i)
        and identity(spans, f.SESSION, out.identities, f.TO_SESSION, i)
        and identity(spans, f.DEVICE, out.identities, f.TO_DEVICE, i)
        and identity(spans, f.CHANNEL, out.identities, f.TO_CHANNEL, i)
    )


@inlined
def _browse(data: Bytes, spans: NDArray[np.int64], words: f.Words, out: Scanned, i: int) -> bool:
    if spans[f.ACTION, 0] != TEXT:
        return False
    action = find(words.actions, data, spans[f.ACTION, 1], spans[f.ACTION, 2])
    if action < 0:
        return False
    out.codes[i, f.TO_STEP] = FIRST_BROWSE_STEP + action
    return (
        ranged(data, spans, f.PRICE, 0.0, LARGEST, out.numbers, i, f.TO_AMOUNT)
        and ranged(data, spans, f.DWELL, 0.0, LARGEST, out.numbers, i, f.TO_DWELL)
        and identity(spans, f.SKU, out.identities, f.TO_SKU, i)
        and identity(spans, f.CATEGORY, out.identities, f.TO_CATEGORY, i)
        and written(spans, f.QUERY, out.texts, i, 0)
    )


@inlined
def _review(data: Bytes, spans: NDArray[np.int64], out: Scanned, i: int) -> bool:
    if spans[f.REVIEW_ID, 0] != TEXT or spans[f.REVIEW_ID, 1] == spans[f.REVIEW_ID, 2]:
        return False
    if spans[f.RATING, 0] != INTEGER or spans[f.BODY, 0] not in (TEXT, ESCAPED):
        return False
    rating = natural(data, spans[f.RATING, 1], spans[f.RATING, 2])
    if not 1 <= rating <= 5:
        return False
    verified = flag(spans, f.VERIFIED)
    if verified < 0:
        return False
    out.codes[i, f.TO_STEP], out.codes[i, f.TO_RATING] = REVIEWED, rating
    out.codes[i, f.TO_VERIFIED] = verified
    return (
        ranged(data, spans, f.HELPFUL, 0.0, MOST_COUNTED, out.numbers, i, f.TO_HELPFUL)
        and identity(spans, f.ORDER_ID, out.identities, f.TO_ORDER, i)
        and identity(spans, f.SKU, out.identities, f.TO_SKU, i)
        and identity(spans, f.SELLER, out.identities, f.TO_SELLER, i)
        and written(spans, f.BODY, out.texts, i, 0)
        and written(spans, f.TITLE, out.texts, i, 1)
    )
