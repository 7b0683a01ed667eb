"""What an alert tells of its event, so that nobody has to look it up."""

from typing import Any, Final

import msgspec

from topics.decisionrecord import TOLD
from topics.records import Browse, Event, Order, Review

MAX_CHARS: Final = 500

_READERS: Final = [msgspec.json.Decoder(record) for record in (Order, Browse, Review)]


def details(value: bytes) -> dict[str, Any]:
    """Return what an event's record says that a person needs to judge it: some of ``TOLD``.

    ``step`` is a browse event's action, ``n_items`` the quantity ordered, ``method`` that of the
    payment and ``said`` a review's title and text or an order's description, at most 500
    characters; the others are the event's fields of the same name. The record is read as the
    decoder reads it, so that only fields of its event type count, and their types are right. An
    event that names no type is of the first that has all its fields; what is no event tells
    nothing.

    >>> details(b'{"type":"browse","event_id":"e","user_id":"u","event_time":1700000000000,'
    ...         b'"action":"view","price":12.5,"ip":"1.2.3.4","amount":"?"}')
    {'step': 'view', 'price': 12.5}
    """
    event = _event(value)
    if event is None:
        return {}
    found = {name: getattr(event, name, None) for name in TOLD} | _own(event)
    # Texts that are absent are empty, numbers that are absent NaN, which is not itself.
    return {name: told for name, told in found.items() if told not in (None, "") and told == told}  # noqa: PLR0124


def _event(value: bytes) -> Event | None:
    for reader in _READERS:
        try:
            event: Event = reader.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        return event
    return None


def _own(event: Event) -> dict[str, Any]:
    """Return what is told in other words than the event's."""
    match event:
        case Order():
            quantities = [
                1 if item.quantity is None else item.quantity for item in event.items or ()
            ]
            return {
                "n_items": sum(quantities) if quantities else None,
                "method": event.payment.method if event.payment else None,
                "said": (event.description or "")[:MAX_CHARS],
            }
        case Browse():
            return {"step": event.action}
        case Review():
            said = "\n".join(filter(None, (event.title, event.text)))
            return {"said": said[:MAX_CHARS]}
    return {}
