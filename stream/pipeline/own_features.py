"""Features of a user's own events: counts, amounts, habits, and how the event differs from them."""

from typing import Final

import numpy as np

from stream.pipeline.feature import Column, Feature, Known, growth, plain, ratio, share
from stream.pipeline.habit_features import EVENT, HABITS, THINGS
from stream.pipeline.wording import WINDOW_TEXT
from topics.vocabulary import ORDER, REVIEW

MS_PER_HOUR: Final = 3_600_000.0
MS_PER_DAY: Final = 86_400_000.0
SHARE_OF_MEAN: Final = 0.1
"""Of a user's mean amount, added to the deviation, which may be 0 after a few orders."""


def _count(name: str, window: str, what: str) -> Feature:
    about = f"{what} of the user in the {window} before the event"
    return Feature(
        f"{name}_{window}", "count", window, False, about,
        f"{{value}} {what} within {WINDOW_TEXT[window]}", plain(f"{name}_{window}"),
    )  # fmt: skip


def _amount_mean(window: str) -> Feature:
    return Feature(
        f"amount_mean_{window}", "money", window, False,
        f"mean amount of the user's orders in the {window} before the event",
        f"{{value}} spent per order within {WINDOW_TEXT[window]}",
        lambda k: ratio(k.own(f"amount_{window}"), k.own(f"orders_{window}")),
    )  # fmt: skip


def _order_amount(k: Known) -> Column:
    return k.of_type(ORDER, k.event("amount"))


def _amount_z(k: Known) -> Column:
    mean = k.own("amount_mean")
    return ratio(_order_amount(k) - mean, k.own("amount_std") + SHARE_OF_MEAN * mean)


def _amount_growth(k: Known) -> Column:
    """Add a usual order to both weeks, so that 0 is known; who has none spent 0 in both."""
    usual = k.own("amount_mean")
    usual = np.where(usual > 0, usual, 1.0)
    return (k.own("amount_7d") + usual) / (k.own("amount_week_before") + usual)


def _amount_vs(what: str, window: str) -> Feature:
    words = {"mean": "mean", "max": "largest"}[what]
    return Feature(
        f"amount_vs_{what}_{window}", "ratio", window, True,
        f"amount over the {words} of the user's orders in the {window} before",
        f"amount is {{value}} times this user's {words} within {WINDOW_TEXT[window]}",
        lambda k: ratio(_order_amount(k), _of_window(k, what, window)),
    )  # fmt: skip


def _peak(window: str, text: str) -> Feature:
    return Feature(
        f"amount_peak_{window}", "ratio", window, False,
        f"the user's largest order in the {window} before over the mean of all earlier ones",
        f"the largest order within {text} is {{value}} times this user's mean",
        lambda k: ratio(_of_window(k, "max", window), k.own("amount_mean")),
    )  # fmt: skip


def _of_window(k: Known, what: str, window: str) -> Column:
    """Return the mean or the largest amount of a window's orders."""
    if what == "mean":
        return ratio(k.own(f"amount_{window}"), k.own(f"orders_{window}"))
    if window == "14d":
        return np.maximum(k.own("amount_max_7d"), k.own("amount_max_week_before"))
    return k.own(f"amount_max_{window}")


def _rating(k: Known) -> Column:
    return k.of_type(REVIEW, k.event("rating"))


def _rating_mean(k: Known) -> Column:
    return ratio(k.own("rating_sum"), k.own("n_reviews"))


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
            "amount less the user's mean, in the user's standard deviations (plus .1 of the mean)",
            "amount is {value} standard deviations above this user's habit", _amount_z,
            says_below="amount is {value} standard deviations below this user's habit", revision=2),
    Feature("amount_vs_max", "ratio", "life", True,
            "amount over the largest of the user's earlier orders",
            "amount is {value} times this user's largest order so far",
            lambda k: ratio(_order_amount(k), k.own("amount_max"))),
    Feature("amount_1d", "money", "1d", False, "sum of the user's orders in the day before",
            "{value} spent within 24 hours", plain("amount_1d")),
    Feature("amount_7d", "money", "7d", False, "sum of the user's orders in the week before",
            "{value} spent within 7 days", plain("amount_7d")),
    Feature("amount_30d", "money", "30d", False, "sum of the user's orders in thirty days before",
            "{value} spent within 30 days", plain("amount_30d")),
    _amount_vs("mean", "7d"), _amount_vs("mean", "30d"), _amount_vs("max", "7d"),
    _peak("7d", "7 days"), _peak("14d", "14 days"), _peak("30d", "30 days"),
    Feature("amount_mean_7d_vs_mean", "ratio", "7d", False,
            "mean amount of the user's orders in the week before over that of all earlier ones",
            "spent per order within 7 days: {value} times this user's mean",
            lambda k: ratio(_of_window(k, "mean", "7d"), k.own("amount_mean"))),
    _amount_mean("1d"), _amount_mean("7d"), _amount_mean("30d"),
    Feature("amount_max_30d", "money", "30d", False, "the user's largest order in thirty days",
            "largest order within 30 days: {value}", plain("amount_max_30d")),
    Feature("amount_growth_7d", "ratio", "7d", False,
            "spend of the last week over that of the week before, plus one mean order on both",
            "spend grew {value} times against the week before",
            _amount_growth, revision=2),
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
            "{value} browse events per order within 24 hours",
            lambda k: k.own("browse_1d") / (k.own("orders_1d") + 1.0)),
    Feature("browse_per_order_30d", "ratio", "30d", False,
            "browse events for each order of thirty days, plus one order",
            "{value} browse events per order within 30 days",
            lambda k: k.own("browse_30d") / (k.own("orders_30d") + 1.0)),
    Feature("n_orders", "count", "life", False, "orders of the user so far",
            "{value} orders so far", plain("n_orders")),
    share("cancelled_share_30d", "cancelled_30d", "orders_30d", "30d",
           "cancelled orders over orders of thirty days",
           "{value} of the orders within 30 days cancelled"),
    share("returned_share_30d", "returned_30d", "orders_30d", "30d",
           "returns and refunds over orders of thirty days",
           "returns and refunds are {value} of the orders within 30 days"),
    share("returned_share", "n_returned", "n_orders", "life",
           "returns and refunds over orders so far",
           "returns and refunds are {value} of the orders"),
    share("refund_share_30d", "refunds_30d", "amount_30d", "30d",
           "money returned or refunded over money spent in thirty days",
           "{value} of the money spent within 30 days was refunded"),
)  # fmt: skip

REVIEWS: Final = (
    Feature("rating", "stars", "event", True, "rating of the review", "{value} stars", _rating),
    Feature("rating_deviation", "stars", "life", True,
            "rating less the mean of the user's earlier ratings",
            "{value} stars above this user's mean", lambda k: _rating(k) - _rating_mean(k),
            says_below="{value} stars below this user's mean"),
    share("five_star_share", "n_five_star", "n_reviews", "life",
           "share of five stars among the user's reviews",
           "{value} of the reviews have five stars"),
    share("verified_share", "n_verified", "n_reviews", "life",
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

OWN: Final = AMOUNTS + COUNTS + HABITS + THINGS + REVIEWS + EVENT
