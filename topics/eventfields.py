"""The numbers by which compiled code knows the fields of an event, and the words in them."""

from typing import Final, NamedTuple

from topics.lexicon import Lexicon, lexicon
from topics.vocabulary import BROWSE_ACTIONS, EVENT_TYPES, ORDER_STATUSES

FIELDS: Final = (
    "type", "event_id", "user_id", "event_time", "account_created_at", "session_id", "device_id",
    "ip", "channel", "attributes", "order_id", "status", "amount", "currency", "items", "payment",
    "seller_id", "shipping_address_id", "billing_address_id", "description", "action", "sku",
    "category", "query", "price", "dwell_ms", "review_id", "rating", "text", "title",
    "verified_purchase", "helpful_votes",
)  # fmt: skip
(
    TYPE, EVENT_ID, USER_ID, EVENT_TIME, ACCOUNT_CREATED_AT, SESSION, DEVICE,
    IP, CHANNEL, ATTRIBUTES, ORDER_ID, STATUS, AMOUNT, CURRENCY, ITEMS, PAYMENT,
    SELLER, SHIPPING, BILLING, DESCRIPTION, ACTION, SKU,
    CATEGORY, QUERY, PRICE, DWELL, REVIEW_ID, RATING, BODY, TITLE,
    VERIFIED, HELPFUL,
) = range(len(FIELDS))  # fmt: skip

ITEM_FIELDS: Final = ("sku", "name", "category", "quantity", "unit_price")
ITEM_SKU, ITEM_NAME, ITEM_CATEGORY, ITEM_QUANTITY, ITEM_PRICE = range(5)
PAYMENT_FIELDS: Final = ("method", "instrument_id")
PAYMENT_METHOD, PAYMENT_INSTRUMENT = range(2)

IDENTITIES: Final = (
    "user", "event", "session", "device", "order", "address", "billing", "instrument", "seller",
    "sku", "channel", "category", "currency", "method",
)  # fmt: skip
"""The columns of EVENT that are tokens of a field's text; the last four are short ones."""
(
    TO_USER, TO_EVENT, TO_SESSION, TO_DEVICE, TO_ORDER, TO_ADDRESS, TO_BILLING, TO_INSTRUMENT,
    TO_SELLER, TO_SKU, TO_CHANNEL, TO_CATEGORY, TO_CURRENCY, TO_METHOD,
) = range(len(IDENTITIES))  # fmt: skip
N_LONG: Final = TO_CHANNEL


CODES: Final = ("type", "step", "rating", "verified")
TO_TYPE, TO_STEP, TO_RATING, TO_VERIFIED = range(len(CODES))
NUMBERS: Final = ("amount", "n_items", "dwell_ms", "helpful")
TO_AMOUNT, TO_N_ITEMS, TO_DWELL, TO_HELPFUL = range(len(NUMBERS))
TIMES: Final = ("time_ms", "account_created_ms")
TO_TIME, TO_CREATED = range(len(TIMES))
"""The columns of EVENT that are read as codes, numbers and times."""


class Words(NamedTuple):
    """The names of fields, and the closed sets of words that they hold."""

    fields: Lexicon
    items: Lexicon
    payment: Lexicon
    types: Lexicon
    statuses: Lexicon
    actions: Lexicon


WORDS: Final = Words(
    lexicon(FIELDS),
    lexicon(ITEM_FIELDS),
    lexicon(PAYMENT_FIELDS),
    lexicon(EVENT_TYPES),
    lexicon(ORDER_STATUSES),
    lexicon(BROWSE_ACTIONS),
)
