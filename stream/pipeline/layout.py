"""What a user's state holds: names for the positions in the arrays of an unpacked state."""

from typing import Any, Final, NamedTuple

import numpy as np

from stream.pipeline.windows import MAX_PANES, N_LEVELS
from topics.columns import PAST

NO_TIME: Final = -(1 << 62)
"""A time that never was."""

# Whole numbers that live as long as the user. Times are epoch milliseconds.
LIFE: Final = (
    "first_seen_ms", "newest_ms", "account_created_ms",
    "last_order_ms", "last_browse_ms", "last_review_ms", "last_login_ms", "last_return_ms",
    "n_events", "n_orders", "n_browse", "n_reviews", "n_cancelled", "n_returned",
    "n_night", "n_weekend", "n_late", "n_duplicates", "rating_sum", "n_five_star", "n_low_star",
    "n_verified", "n_labels", "n_fraud_labels", "n_order_gaps",
    "hour_0", "hour_1", "hour_2", "hour_3", "hour_4", "hour_5", "hour_6", "hour_7",
)  # fmt: skip
(
    FIRST_SEEN, NEWEST, ACCOUNT_CREATED,
    LAST_ORDER, LAST_BROWSE, LAST_REVIEW, LAST_LOGIN, LAST_RETURN,
    N_EVENTS, N_ORDERS, N_BROWSE, N_REVIEWS, N_CANCELLED, N_RETURNED,
    N_NIGHT, N_WEEKEND, N_LATE, N_DUPLICATES, RATING_SUM, N_FIVE_STAR, N_LOW_STAR,
    N_VERIFIED, N_LABELS, N_FRAUD_LABELS, N_ORDER_GAPS,
    HOURS,
) = range(26)  # fmt: skip
N_TIMES: Final = 8
N_LIFE: Final = len(LIFE)

# Real numbers that live as long as the user.
REALS: Final = ("amount_mean", "amount_m2", "amount_max", "amount_sum", "order_gap_mean_ms",
                "refund_sum", "rating_m2")  # fmt: skip
AMOUNT_MEAN, AMOUNT_M2, AMOUNT_MAX, AMOUNT_SUM, ORDER_GAP_MEAN, REFUND_SUM, RATING_M2 = range(7)
N_REALS: Final = len(REALS)

# What a pane counts, and what it adds up (but for the maximum).
COUNTS: Final = ("orders", "cancelled", "returned", "browse", "views", "searches", "carts",
                 "logins", "reviews", "five_star", "low_star", "night")  # fmt: skip
(C_ORDERS, C_CANCELLED, C_RETURNED, C_BROWSE, C_VIEWS, C_SEARCHES, C_CARTS, C_LOGINS, C_REVIEWS,
 C_FIVE_STAR, C_LOW_STAR, C_NIGHT) = range(12)  # fmt: skip
N_COUNTS: Final = len(COUNTS)
SUMS: Final = ("amount", "amount_max", "refunds")
S_AMOUNT, S_AMOUNT_MAX, S_REFUNDS = range(3)
N_SUMS: Final = len(SUMS)

# Things that the user has used before, the most recent of each kind.
RECENTS: Final = ("device", "address", "instrument", "ip", "seller", "category", "text")
(R_DEVICE, R_ADDRESS, R_INSTRUMENT, R_IP, R_SELLER, R_CATEGORY, R_TEXT) = range(7)
N_RECENTS: Final = len(RECENTS)
RECENT_LIMITS: Final = (8, 8, 8, 8, 12, 12, 8)
MAX_RECENT: Final = 12

MAX_ORDERS: Final = 12
MAX_IDS: Final = 64
MAX_LABELS: Final = 16
MAX_PAST: Final = 24
PAST_QUOTA: Final = (10, 10, 4)
"""How many past orders, browse events and reviews the Transformer can look back at."""

# The first bytes of a packed state stand at fixed places, so that they can be changed in place.
PACKED_VERSION: Final = 2
AT_VERSION, AT_CREDIT, AT_BAND, AT_P_BAD, HEADER_BYTES = 0, 1, 3, 4, 8

# Flags of a past event.
PF_NEW_DEVICE, PF_NEW_ADDRESS, PF_NEW_INSTRUMENT, PF_NEW_IP = 1, 2, 4, 8
PF_NIGHT, PF_WEEKEND, PF_HAS_TEXT, PF_VERIFIED, PF_NEW_SELLER, PF_LATE = 16, 32, 64, 128, 256, 512


class State(NamedTuple):
    """One unpacked user state, reused from user to user; arrays that a kernel writes in place."""

    life: Any  # i8[N_LIFE]
    reals: Any  # f8[N_REALS]
    n_panes: Any  # i8[N_LEVELS]
    pane_at: Any  # i8[N_LEVELS, MAX_PANES], pane numbers since the epoch, oldest first
    pane_count: Any  # i8[N_LEVELS, MAX_PANES, N_COUNTS]
    pane_sum: Any  # f8[N_LEVELS, MAX_PANES, N_SUMS]
    n_recent: Any  # i8[N_RECENTS]
    recent: Any  # i8[N_RECENTS, MAX_RECENT, 4]: token, first and last seen in seconds, how often
    orders: Any  # i8[MAX_ORDERS, 3]: token, placed in seconds, statuses seen as bits
    order_amount: Any  # f8[MAX_ORDERS]
    ids: Any  # i8[MAX_IDS], 48-bit hashes of event ids, oldest first
    labels: Any  # i8[MAX_LABELS, 3]: event token, known in milliseconds, is fraud
    past: Any  # u8[MAX_PAST, 32], PAST as bytes, oldest first
    past_words: Any  # i8[MAX_PAST, 4], the same memory, to move whole events
    sizes: Any  # i8[6]: orders, ids, labels, past, credit score * 8 + band, p_bad * 2**32


Z_ORDERS, Z_IDS, Z_LABELS, Z_PAST, Z_CREDIT, Z_P_BAD = range(6)


def new_state() -> State:
    """Return an empty state to unpack into."""
    past = np.zeros((MAX_PAST, PAST.itemsize), np.uint8)
    return State(
        np.zeros(N_LIFE, np.int64),
        np.zeros(N_REALS),
        np.zeros(N_LEVELS, np.int64),
        np.zeros((N_LEVELS, MAX_PANES), np.int64),
        np.zeros((N_LEVELS, MAX_PANES, N_COUNTS), np.int64),
        np.zeros((N_LEVELS, MAX_PANES, N_SUMS)),
        np.zeros(N_RECENTS, np.int64),
        np.zeros((N_RECENTS, MAX_RECENT, 4), np.int64),
        np.zeros((MAX_ORDERS, 3), np.int64),
        np.zeros(MAX_ORDERS),
        np.zeros(MAX_IDS, np.int64),
        np.zeros((MAX_LABELS, 3), np.int64),
        past,
        past.view(np.int64),
        np.zeros(6, np.int64),
    )
