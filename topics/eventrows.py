"""Event records of one type become columns: tokens, codes, numbers and times."""

from collections.abc import Callable, Sequence
from math import nan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.columns import EVENT, EventBatch, Rows
from topics.fieldcolumns import Columns, columns_of, milliseconds, numbers, present
from topics.hashing import Tokens, normalise_text
from topics.records import Event, Item
from topics.sketch import NO_TEXT, sketches
from topics.vocabulary import (
    BROWSE,
    BROWSE_ACTIONS,
    FIRST_BROWSE_STEP,
    ORDER,
    ORDER_STATUSES,
    REVIEW,
    REVIEWED,
)

_STATUS_STEP: Final = {word: step for step, word in enumerate(ORDER_STATUSES)}
_ACTION_STEP: Final = {word: FIRST_BROWSE_STEP + i for i, word in enumerate(BROWSE_ACTIONS)}


def event_batch(records: Sequence[Event], event_type: int, tokens: Tokens) -> EventBatch:
    """Return records of one event type (a code of the vocabulary) as a batch, in their order."""
    columns = columns_of(records)
    rows = np.zeros(len(records), EVENT)
    rows["type"] = rows["source"] = event_type
    rows["time_ms"] = milliseconds(columns["event_time"])
    rows["account_created_ms"] = milliseconds(columns["account_created_at"])
    rows["amount"] = rows["n_items"] = rows["dwell_ms"] = rows["helpful"] = nan
    identities = {
        "user": columns["user_id"],
        "event": columns["event_id"],
        "session": columns["session_id"],
        "device": columns["device_id"],
    }
    words = {"channel": columns["channel"]}
    texts = _FILL[event_type](rows, columns, identities, words)
    _tokens(rows, identities, words, columns["ip"], tokens)
    fill_texts(rows, texts, tokens)
    attributes = [known_attributes(found) for found in columns["attributes"]]
    return EventBatch(rows, list(columns["event_id"]), list(columns["user_id"]), texts, attributes)


def known_attributes(attributes: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return attributes without those that are null."""
    if attributes and None in attributes.values():
        return {name: value for name, value in attributes.items() if value is not None}
    return attributes


def _order(rows: Rows, columns: Columns, identities: Columns, words: Columns) -> list[str | None]:
    rows["amount"] = numbers(columns["amount"])
    rows["step"] = [_STATUS_STEP[status] for status in columns["status"]]
    payments = columns["payment"]
    skus, categories, counts = zip(*map(dearest, columns["items"]), strict=True)
    rows["n_items"] = counts
    identities |= {
        "order": columns["order_id"],
        "address": columns["shipping_address_id"],
        "billing": columns["billing_address_id"],
        "seller": columns["seller_id"],
        "sku": skus,
        "instrument": [p.instrument_id if p else "" for p in payments],
    }
    words |= {
        "category": categories,
        "currency": columns["currency"],
        "method": [p.method if p else "" for p in payments],
    }
    return list(columns["description"])


def dearest(items: list[Item] | None) -> tuple[str | None, str | None, float]:
    """Return sku and category of the dearest item (the first of several), and the quantity."""
    if not items:
        return "", "", nan if items is None else 0.0
    best, best_price, n_items = items[0], -np.inf, 0.0
    for item in items:
        n_items += 1.0 if item.quantity is None else item.quantity
        if item.unit_price is not None and item.unit_price > best_price:
            best, best_price = item, item.unit_price
    return best.sku, best.category, n_items


def _browse(rows: Rows, columns: Columns, identities: Columns, words: Columns) -> list[str | None]:
    rows["amount"] = numbers(columns["price"])
    rows["dwell_ms"] = numbers(columns["dwell_ms"])
    rows["step"] = [_ACTION_STEP[action] for action in columns["action"]]
    identities["sku"] = columns["sku"]
    words["category"] = columns["category"]
    return list(columns["query"])


def _review(rows: Rows, columns: Columns, identities: Columns, words: Columns) -> list[str | None]:
    rows["step"] = REVIEWED
    rows["rating"] = columns["rating"]
    rows["helpful"] = numbers(columns["helpful_votes"])
    rows["verified"] = [bool(flag) for flag in columns["verified_purchase"]]
    identities |= {
        "order": columns["order_id"],
        "sku": columns["sku"],
        "seller": columns["seller_id"],
    }
    pairs = zip(columns["title"], columns["text"], strict=True)
    return [f"{title}\n{text}" if title else text for title, text in pairs]


_Fill = Callable[[Rows, Columns, Columns, Columns], list[str | None]]
_FILL: Final[dict[int, _Fill]] = {ORDER: _order, BROWSE: _browse, REVIEW: _review}


def _tokens(
    rows: Rows, identities: Columns, words: Columns, ips: Sequence[str | None], tokens: Tokens
) -> None:
    n = len(rows)
    flat: list[str] = []
    for values in identities.values():
        flat += present(values)
    for name, column in zip(identities, tokens.many(flat).reshape(-1, n), strict=True):
        rows[name] = column
    for name, values in words.items():
        rows[name] = short(tokens.cached(present(values)))
    rows["ip"] = tokens.ips(present(ips))


def short(tokens: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the low 32 bits of tokens; a token never becomes 0, which means absent."""
    low = tokens.astype(np.uint32)
    return np.where((low == 0) & (tokens != 0), np.uint32(1), low)


def fill_texts(rows: Rows, texts: list[str | None], tokens: Tokens) -> None:
    """Fill the columns that follow from the texts; a text without content becomes None."""
    rows["sketch"] = NO_TEXT
    normal = [normalise_text(text) if text else "" for text in texts]
    at = [i for i, text in enumerate(normal) if text]
    if len(at) < len(texts):
        texts[:] = [text if form else None for text, form in zip(texts, normal, strict=True)]
    if at:
        found: list[str] = [normal[i] for i in at]
        rows["text"][at] = tokens.many(found)
        rows["text_chars"][at] = [len(texts[i] or "") for i in at]
        rows["sketch"][at] = sketches(found)
