"""The closed sets of words in the contract, and the small integers that stand for them.

A word's code is its index. An order's status, a browse action and a review share one code space,
the *step*, so that one number says what happened: ``0..6`` an order's status, ``8..15`` a browse
action, ``16`` a review.
"""

from typing import Final, Literal, get_args

EVENT_TYPES: Final = ("order", "browse", "review")
ORDER, BROWSE, REVIEW = range(3)

Status = Literal[
    "placed",
    "paid",
    "shipped",
    "delivered",
    "cancelled",
    "returned",
    "refunded",
]
ORDER_STATUSES: Final[tuple[str, ...]] = get_args(Status)
PLACED, PAID, SHIPPED, DELIVERED, CANCELLED, RETURNED, REFUNDED = range(7)

BrowseAction = Literal[
    "view",
    "search",
    "click",
    "add_to_cart",
    "remove_from_cart",
    "favorite",
    "login",
    "signup",
]
BROWSE_ACTIONS: Final[tuple[str, ...]] = get_args(BrowseAction)
FIRST_BROWSE_STEP: Final = 8
VIEW, SEARCH, CLICK, ADD_TO_CART, REMOVE_FROM_CART, FAVORITE, LOGIN, SIGNUP = range(8, 16)

REVIEWED: Final = 16
N_STEPS: Final = 17

LabelKind = Literal[
    "fraud",
    "chargeback",
    "account_takeover",
    "refund_abuse",
    "promotion_abuse",
    "fake_review",
    "brushing",
    "default",
    "legitimate",
]
LABEL_KINDS: Final[tuple[str, ...]] = get_args(LabelKind)

ACTIONS: Final = ("allow", "step_up", "review", "hold", "block")
ALLOW, STEP_UP, MANUAL_REVIEW, HOLD, BLOCK = range(5)

ENTITY_KINDS: Final = ("device", "address", "instrument", "ip", "seller", "text")
CREDIT_BANDS: Final = ("A", "B", "C", "D", "E")
