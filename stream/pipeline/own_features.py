"""Features of a user's own events: counts, amounts, habits, and how the event differs from them."""

from collections.abc import Callable
from typing import Final

import numpy as np

from stream.pipeline.feature import Column, Feature, Known, growth, ratio
from topics.vocabulary import ORDER, REVIEW

MS_PER_HOUR: Final = 3_600_000.0
MS_PER_DAY: Final = 86_400_000.0


def _plain(name: str, scale: float = 1.0) -> Callable[[Known], Column]:
    return lambda k: k.own(name) / scale if scale != 1.0 else k.own(name)


def _count(name: str, window: str, what: str) -> Feature:
    about = f"{what} of the user in the {window} before the event"
    return Feature(
        f"{name}_{window}", "count", window, False, about,
        f"{{value}} {what} within {window}", _plain(f"{name}_{window}"),
    )  # fmt: skip


def _amount_mean(window: str) -> Feature:
    return Feature(
        f"amount_mean_{window}", "money", window, False,
        f"mean amount of the user's orders in the {window} before the event",
        f"{{value}} spent per order within {window}",
        lambda k: ratio(k.own(f"amount_{window}"), k.own(f"orders_{window}")),
    )  # fmt: skip


def _since(name: str, what: str) -> Feature:
    return Feature(
        f"hours_since_{name}", "hours", "life", False, f"time since the user's last {what}",
        f"{{value}} h since the last {what}", _plain(f"since_last_{name}_ms", MS_PER_HOUR),
    )  # fmt: skip


def _new(kind: str, what: str) -> Feature:
    return Feature(
        f"new_{kind}", "0/1", "life", True, f"whether the user was never seen with this {what}",
        f"first use of this {what} by this account", lambda k: 1.0 - k.own(f"{kind}_known"),
    )  # fmt: skip


def _age(kind: str, what: str) -> Feature:
    return Feature(
        f"{kind}_age_days", "days", "life", False,
        f"time since the user was first seen with this {what}; 0 when new",
        f"this {what} has been used for {{value}} days", _plain(f"{kind}_age_ms", MS_PER_DAY),
    )  # fmt: skip


def _distinct(kind: str, window: str, what: str) -> Feature:
    return Feature(
        f"n_{kind}{'es' if kind == 'address' else 's'}_{window}", "count", window, False,
        f"distinct {what} of the user in the {window} before the event (at most 8, sellers 12)",
        f"{{value}} {what} within {window}", _plain(f"{kind}_n_{window}"),
    )  # fmt: skip


def _share(name: str, part: str, whole: str, window: str, about: str, says: str) -> Feature:
    return Feature(name, "share", window, False, about, says,
                   lambda k: ratio(k.own(part), k.own(whole)))  # fmt: skip


def _order_amount(k: Known) -> Column:
    return k.of_type(ORDER, k.event("amount"))


def _amount_z(k: Known) -> Column:
    return (_order_amount(k) - k.own("amount_mean")) / (k.own("amount_std") + 1.0)


def _rating(k: Known) -> Column:
    return k.of_type(REVIEW, k.event("rating"))


def _rating_mean(k: Known) -> Column:
    return ratio(k.own("rating_sum"), k.own("n_reviews"))


def _differs(k: Known) -> Column:
    rows = k.events
    known = (rows["address"] != 0) & (rows["billing"] != 0)
    return np.where(known, (rows["address"] != rows["billing"]).astype(np.float64), np.nan)


def _is_night(k: Known) -> Column:
    return (k.own("hour") < 6).astype(np.float64)


def _is_weekend(k: Known) -> Column:
    return (k.own("weekday") >= 5).astype(np.float64)


AMOUNTS: Final = (
    Feature("amount", "money", "event", True, "amount of the order, or price looked at",
            "amount {value}", lambda k: k.event("amount")),
    Feature("amount_per_item", "money", "event", True, "amount of the order per item",
            "{value} per item", lambda k: ratio(k.event("amount"), k.event("n_items"))),
    Feature("amount_vs_mean", "ratio", "life", True,
            "amount over the mean of the user's earlier orders",
            "amount is {value} times this user's mean",
            lambda k: ratio(_order_amount(k), k.own("amount_mean"))),
    Feature("amount_deviation", "standard deviations", "life", True,
            "amount less the user's mean, in the user's standard deviations (plus one unit)",
            "amount is {value} standard deviations above this user's habit", _amount_z),
    Feature("amount_vs_max", "ratio", "life", True,
            "amount over the largest of the user's earlier orders",
            "amount is {value} times this user's largest order so far",
            lambda k: ratio(_order_amount(k), k.own("amount_max"))),
    Feature("amount_1d", "money", "1d", False, "sum of the user's orders in the day before",
            "{value} spent within 1d", _plain("amount_1d")),
    Feature("amount_7d", "money", "7d", False, "sum of the user's orders in the week before",
            "{value} spent within 7d", _plain("amount_7d")),
    Feature("amount_30d", "money", "30d", False, "sum of the user's orders in thirty days before",
            "{value} spent within 30d", _plain("amount_30d")),
    _amount_mean("1d"), _amount_mean("7d"), _amount_mean("30d"),
    Feature("amount_max_30d", "money", "30d", False, "the user's largest order in thirty days",
            "largest order within 30d: {value}", _plain("amount_max_30d")),
    Feature("amount_growth_7d", "ratio", "7d", False,
            "spend of the last week over that of the week before, plus one on both sides",
            "spend grew {value} times against the week before",
            lambda k: growth(k.own("amount_7d"), k.own("amount_week_before"))),
)  # fmt: skip

COUNTS: Final = (
    _count("orders", "1h", "orders"), _count("orders", "1d", "orders"),
    _count("orders", "7d", "orders"), _count("orders", "30d", "orders"),
    _count("browse", "1h", "browse events"), _count("browse", "1d", "browse events"),
    _count("browse", "7d", "browse events"),
    _count("searches", "1d", "searches"), _count("carts", "1d", "additions to the cart"),
    _count("logins", "1d", "logins"), _count("reviews", "1d", "reviews"),
    _count("reviews", "7d", "reviews"),
    Feature("orders_growth_7d", "ratio", "7d", False,
            "orders of the last week over those of the week before, plus one on both sides",
            "orders grew {value} times against the week before",
            lambda k: growth(k.own("orders_7d"), k.own("orders_week_before"))),
    Feature("browse_per_order_1d", "ratio", "1d", False,
            "browse events for each order of the last day, plus one order",
            "{value} browse events per order within 1d",
            lambda k: k.own("browse_1d") / (k.own("orders_1d") + 1.0)),
    Feature("browse_per_order_30d", "ratio", "30d", False,
            "browse events for each order of thirty days, plus one order",
            "{value} browse events per order within 30d",
            lambda k: k.own("browse_30d") / (k.own("orders_30d") + 1.0)),
    Feature("n_orders", "count", "life", False, "orders of the user so far",
            "{value} orders so far", _plain("n_orders")),
    _share("cancelled_share_30d", "cancelled_30d", "orders_30d", "30d",
           "cancelled orders over orders of thirty days", "{value} of the orders cancelled in 30d"),
    _share("returned_share_30d", "returned_30d", "orders_30d", "30d",
           "returns and refunds over orders of thirty days",
           "{value} returns and refunds per order within 30d"),
    _share("returned_share", "n_returned", "n_orders", "life",
           "returns and refunds over orders so far", "{value} returns and refunds per order"),
    _share("refund_share_30d", "refunds_30d", "amount_30d", "30d",
           "money returned or refunded over money spent in thirty days",
           "{value} of the money spent within 30d was refunded"),
)  # fmt: skip

HABITS: Final = (
    _since("order", "order"), _since("browse", "browse event"), _since("login", "login"),
    _since("review", "review"),
    Feature("order_gap_vs_usual", "ratio", "life", False,
            "time since the last order over the user's mean time between orders",
            "{value} times the usual gap between orders",
            lambda k: ratio(k.own("since_last_order_ms"), k.own("order_gap_mean_ms"))),
    Feature("tenure_days", "days", "life", False, "time since the user was first seen",
            "user known for {value} days", _plain("since_first_seen_ms", MS_PER_DAY)),
    Feature("account_age_days", "days", "life", True, "time since the account was opened",
            "account is {value} days old", _plain("since_account_created_ms", MS_PER_DAY)),
    Feature("same_hour_share", "share", "life", False,
            "share of the user's events in the same three hours of the day",
            "{value} of this user's events fall in these hours", _plain("same_hour_share")),
    _share("night_share", "n_night", "n_events", "life", "share of the user's events before 6 am",
           "{value} of this user's events are at night"),
    _share("weekend_share", "n_weekend", "n_events", "life",
           "share of the user's events on Saturdays and Sundays",
           "{value} of this user's events are on weekends"),
    Feature("is_night", "0/1", "event", True, "whether it is before 6 am", "at night", _is_night),
    Feature("is_weekend", "0/1", "event", True, "whether it is Saturday or Sunday",
            "on a weekend", _is_weekend),
    Feature("hours_since_placed", "hours", "life", True, "time since this order was first seen",
            "{value} h after the order was placed", _plain("since_placed_ms", MS_PER_HOUR)),
    Feature("n_open_orders", "count", "life", False,
            "recent orders neither delivered, cancelled nor returned",
            "{value} open orders", _plain("n_open_orders")),
)  # fmt: skip

THINGS: Final = (
    _new("device", "device"), _new("address", "shipping address"),
    _new("instrument", "payment instrument"), _new("ip", "network"), _new("seller", "seller"),
    _new("category", "category"),
    _age("device", "device"), _age("address", "shipping address"),
    _age("instrument", "payment instrument"),
    _distinct("device", "1d", "devices"), _distinct("device", "30d", "devices"),
    _distinct("instrument", "1d", "payment instruments"),
    _distinct("instrument", "30d", "payment instruments"),
    _distinct("address", "30d", "shipping addresses"), _distinct("ip", "1d", "networks"),
    _distinct("seller", "1d", "sellers"), _distinct("seller", "30d", "sellers"),
    Feature("billing_differs", "0/1", "event", True,
            "whether the billing address is not the shipping address",
            "billing and shipping addresses differ", _differs),
)  # fmt: skip

REVIEWS: Final = (
    Feature("rating", "stars", "event", True, "rating of the review", "{value} stars", _rating),
    Feature("rating_deviation", "stars", "life", True,
            "rating less the mean of the user's earlier ratings",
            "{value} stars above this user's mean", lambda k: _rating(k) - _rating_mean(k)),
    _share("five_star_share", "n_five_star", "n_reviews", "life",
           "share of five stars among the user's reviews",
           "{value} of the reviews have five stars"),
    _share("verified_share", "n_verified", "n_reviews", "life",
           "share of verified purchases among the user's reviews",
           "{value} of the reviews are of verified purchases"),
    Feature("verified", "0/1", "event", True, "whether the review is of a verified purchase",
            "verified purchase", lambda k: k.of_type(REVIEW, k.event("verified"))),
    Feature("text_chars", "characters", "event", True, "length of the event's text",
            "text of {value} characters", lambda k: k.event("text_chars")),
    Feature("own_text_repeats", "count", "life", False,
            "how often the user wrote this very text before",
            "this user wrote the same text {value} times before",
            lambda k: k.of_type(REVIEW, k.own("text_n_uses"))),
)  # fmt: skip

OWN: Final = AMOUNTS + COUNTS + HABITS + THINGS + REVIEWS
