"""What an alert tells of its event, so that nobody has to look it up."""

from typing import Any, Final

import orjson

MAX_CHARS: Final = 500
TOLD: Final = (
    "status", "step", "order_id", "amount", "currency", "n_items", "seller_id", "method", "sku",
    "category", "query", "price", "review_id", "rating", "verified_purchase", "said",
)  # fmt: skip
"""The fields of an alert that come from its event. What identifies a device, an address, a payment
instrument or a network is not among them: these appear as tokens only."""

_COPIED: Final = (
    "status", "order_id", "amount", "currency", "seller_id", "sku", "category", "query", "price",
    "review_id", "rating", "verified_purchase",
)  # fmt: skip


def details(value: bytes) -> dict[str, Any]:
    """Return what an event's record says that a person needs to judge it.

    ``said`` is the text of a review or the description of an order, at most 500 characters.

    >>> details(b'{"type":"order","status":"placed","amount":12.5,"currency":"EUR","ip":"1.2.3.4"}')
    {'status': 'placed', 'amount': 12.5, 'currency': 'EUR'}
    """
    event = orjson.loads(value)
    told = {name: event[name] for name in _COPIED if event.get(name) is not None}
    if action := event.get("action"):
        told["step"] = action
    if items := event.get("items"):
        told["n_items"] = sum(item.get("quantity") or 1 for item in items)
    if method := (event.get("payment") or {}).get("method"):
        told["method"] = method
    text = event.get("text") or event.get("description")
    if said := "\n".join(filter(None, (event.get("title"), text))):
        told["said"] = said[:MAX_CHARS]
    return told
