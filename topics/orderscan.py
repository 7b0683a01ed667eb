"""What an order says beyond other events: its payment, and its dearest item."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics import eventfields as f
from topics.compiled import compiled
from topics.jsonscan import scan_object
from topics.jsonvalue import ABSENT, ARRAY, ESCAPED, NULL, OBJECT, TEXT, Bytes, blank
from topics.lexicon import find
from topics.records import LARGEST, MOST_COUNTED
from topics.spans import identity, ranged, written

if TYPE_CHECKING:
    from topics.eventscan import Scanned

_COMMA, _BRACKET_END, _A, _Z = (ord(c) for c in ",]AZ")


class Work(NamedTuple):
    """Work space: ``spans`` int64[I, 3], ``no_names`` int64[0, 2] and ``number`` float64[1, 2]."""

    spans: NDArray[np.int64]
    no_names: NDArray[np.int64]
    number: NDArray[np.float64]


def workspace() -> Work:
    """Return arrays to read orders in."""
    spans = np.zeros((len(f.ITEM_FIELDS), 3), np.int64)
    return Work(spans, np.zeros((0, 2), np.int64), np.zeros((1, 2)))


@compiled
def read_order(
    data: Bytes,
    spans: NDArray[np.int64],
    work: Work,
    words: f.Words,
    out: "Scanned",
    i: int,
) -> bool:
    """Take an order's fields."""
    if spans[f.ORDER_ID, 0] != TEXT or spans[f.ORDER_ID, 1] == spans[f.ORDER_ID, 2]:
        return False
    if spans[f.STATUS, 0] != TEXT or spans[f.AMOUNT, 0] in (ABSENT, NULL):
        return False
    status = find(words.statuses, data, spans[f.STATUS, 1], spans[f.STATUS, 2])
    if status < 0 or not _is_currency(data, spans):
        return False
    out.codes[i, f.TO_STEP] = status
    return (
        ranged(data, spans, f.AMOUNT, 0.0, LARGEST, out.numbers, i, f.TO_AMOUNT)
        and identity(spans, f.ORDER_ID, out.identities, f.TO_ORDER, i)
        and identity(spans, f.CURRENCY, out.identities, f.TO_CURRENCY, i)
        and identity(spans, f.SELLER, out.identities, f.TO_SELLER, i)
        and identity(spans, f.SHIPPING, out.identities, f.TO_ADDRESS, i)
        and identity(spans, f.BILLING, out.identities, f.TO_BILLING, i)
        and written(spans, f.DESCRIPTION, out.texts, i, 0)
        and _payment(data, spans, work, words, out, i)
        and _items(data, spans, work, words, out, i)
    )


@compiled
def _is_currency(data: Bytes, spans: NDArray[np.int64]) -> bool:
    first = spans[f.CURRENCY, 1]
    if spans[f.CURRENCY, 0] != TEXT or spans[f.CURRENCY, 2] - first != 3:
        return False
    a, b, c = data[first], data[first + 1], data[first + 2]
    return bool(_A <= a <= _Z and _A <= b <= _Z and _A <= c <= _Z)


@compiled
def _payment(
    data: Bytes,
    spans: NDArray[np.int64],
    work: Work,
    words: f.Words,
    out: "Scanned",
    i: int,
) -> bool:
    if spans[f.PAYMENT, 0] != OBJECT:
        return spans[f.PAYMENT, 0] in (ABSENT, NULL)
    own = work.spans[: len(f.PAYMENT_FIELDS)]
    at, end = spans[f.PAYMENT, 1], spans[f.PAYMENT, 2]
    return (
        scan_object(data, at, end, words.payment, own, work.no_names) > 0
        and identity(own, f.PAYMENT_METHOD, out.identities, f.TO_METHOD, i)
        and identity(own, f.PAYMENT_INSTRUMENT, out.identities, f.TO_INSTRUMENT, i)
    )


@compiled
def _items(
    data: Bytes,
    spans: NDArray[np.int64],
    work: Work,
    words: f.Words,
    out: "Scanned",
    i: int,
) -> bool:
    """Sum the quantities; sku and category are those of the dearest item, the first of several."""
    if spans[f.ITEMS, 0] != ARRAY:
        return spans[f.ITEMS, 0] in (ABSENT, NULL)
    at, end = blank(data, spans[f.ITEMS, 1] + 1, spans[f.ITEMS, 2]), spans[f.ITEMS, 2]
    inner, number = work.spans, work.number
    n_items, best_price, is_first = 0.0, -np.inf, True
    while data[at] != _BRACKET_END:
        at = scan_object(data, at, end, words.items, inner, work.no_names)
        if at < 0 or inner[f.ITEM_NAME, 0] not in (ABSENT, NULL, TEXT, ESCAPED):
            return False
        number[0, 0], number[0, 1] = 1.0, -np.inf
        if not (
            ranged(data, inner, f.ITEM_QUANTITY, 0.0, MOST_COUNTED, number, 0, 0)
            and ranged(data, inner, f.ITEM_PRICE, -LARGEST, LARGEST, number, 0, 1)
            and inner[f.ITEM_SKU, 0] in (ABSENT, NULL, TEXT)
            and inner[f.ITEM_CATEGORY, 0] in (ABSENT, NULL, TEXT)
        ):
            return False
        n_items += number[0, 0]
        if is_first or number[0, 1] > best_price:
            best_price, is_first = number[0, 1], False
            for field, column in ((f.ITEM_SKU, f.TO_SKU), (f.ITEM_CATEGORY, f.TO_CATEGORY)):
                out.identities[i, column, 0] = out.identities[i, column, 1] = 0
                identity(inner, field, out.identities, column, i)
        at = blank(data, at, end)
        if data[at] == _COMMA:
            at = blank(data, at + 1, end)
    out.numbers[i, f.TO_N_ITEMS] = n_items
    return True
