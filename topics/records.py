"""Events and labels as they come in: fields, types and ranges, for msgspec to check.

Unknown fields are accepted. ``null`` in an optional field means that it is absent. Text that is
absent is "" and a number that is absent NaN or None.
"""

from datetime import datetime
from math import nan
from typing import Annotated, Final

from msgspec import Meta, Struct

from topics.vocabulary import BrowseAction, LabelKind, Status

EARLIEST_MS: Final = 347_155_200_000
"""1981-01-01: an earlier event time is seconds for milliseconds, which come to early 1970, or a
clock that was never set, which says 1970 (Unix) or 1980 (FAT). Trade that was recorded by the
second, to which public data sets of the 1990s belong, is younger."""
LATEST_MS: Final = 4_102_444_800_000
"""2100-01-01: the packed history counts seconds in 32 bits."""
MOST_COUNTED: Final = 1e9
LARGEST: Final = 1e15
"""Amounts up to here keep their cents in a float64."""

MAX_EVENT_ID: Final = 64
MAX_USER_ID: Final = 128

EventId = Annotated[str, Meta(min_length=1, max_length=MAX_EVENT_ID)]
UserId = Annotated[str, Meta(min_length=1, max_length=MAX_USER_ID)]
OwnId = Annotated[str, Meta(min_length=1)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Amount = Annotated[float, Meta(ge=0, le=LARGEST)]
Price = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]  # a discount is an item below zero
Count = Annotated[float, Meta(ge=0, le=MOST_COUNTED)]
Milliseconds = Annotated[float, Meta(ge=0, le=LARGEST)]
_Moment = Annotated[datetime, Meta(tz=True)]
Time = _Moment | Annotated[int, Meta(ge=EARLIEST_MS, lt=LATEST_MS)]
Birth = _Moment | Annotated[int, Meta(ge=0, lt=LATEST_MS)]
Attribute = float | int | bool | str | None


class Event(Struct, gc=False, kw_only=True):
    """What every event may say."""

    event_id: EventId
    user_id: UserId
    event_time: Time
    account_created_at: Birth | None = None
    session_id: str | None = ""
    device_id: str | None = ""
    ip: str | None = ""
    channel: str | None = ""
    attributes: dict[str, Attribute] | None = None


class Item(Struct, gc=False):
    """A line of an order."""

    sku: str | None = ""
    name: str | None = ""
    category: str | None = ""
    quantity: Count | None = None
    unit_price: Price | None = None


class Payment(Struct, gc=False):
    """How an order is paid."""

    method: str | None = ""
    instrument_id: str | None = ""


class Order(Event, gc=False, kw_only=True, tag_field="type", tag="order"):
    """An order reaches a status."""

    order_id: OwnId
    status: Status
    amount: Amount
    currency: Currency
    items: list[Item] | None = None
    payment: Payment | None = None
    seller_id: str | None = ""
    shipping_address_id: str | None = ""
    billing_address_id: str | None = ""
    description: str | None = ""


class Browse(Event, gc=False, kw_only=True, tag_field="type", tag="browse"):
    """A user looks, searches, fills a cart, or signs in."""

    action: BrowseAction
    sku: str | None = ""
    category: str | None = ""
    query: str | None = ""
    price: Amount | None = nan
    dwell_ms: Milliseconds | None = nan


class Review(Event, gc=False, kw_only=True, tag_field="type", tag="review"):
    """A user rates something and writes about it."""

    review_id: OwnId
    rating: Annotated[int, Meta(ge=1, le=5)]
    text: str
    order_id: str | None = ""
    sku: str | None = ""
    seller_id: str | None = ""
    title: str | None = ""
    verified_purchase: bool | None = False
    helpful_votes: Count | None = nan


class Label(Struct, gc=False, kw_only=True):
    """What turned out to be true of an event or a user, and when that became known.

    The contract asks producers for ``source``; a label without it is read all the same, since
    nothing depends on it and a truth that is lost cannot be learned from.
    """

    label_id: EventId
    user_id: UserId
    kind: LabelKind
    is_fraud: bool
    event_time: Time
    known_at: Time
    event_id: Annotated[str, Meta(max_length=MAX_EVENT_ID)] | None = ""
    source: str | None = ""
    amount: Amount | None = nan
    scenario: str | None = ""
