"""Features of a user's habits: when, how often, and with which devices, addresses and sellers."""

from typing import Final

import numpy as np

from stream.pipeline.feature import Column, Feature, Known, plain, ratio, share
from stream.pipeline.wording import WINDOW_TEXT

MS_PER_HOUR: Final = 3_600_000.0
MS_PER_DAY: Final = 86_400_000.0


def _since(name: str, what: str) -> Feature:
    return Feature(
        f"hours_since_{name}", "hours", "life", False, f"time since the user's last {what}",
        f"{{value}} since the last {what}", plain(f"since_last_{name}_ms", MS_PER_HOUR),
        says_below=f"the last {what} is {{value}} after this event",
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
        f"this {what} was first used {{value}} before this event",
        plain(f"{kind}_age_ms", MS_PER_DAY),
        says_below=f"this {what} was first used {{value}} after this event",
    )  # fmt: skip


def _distinct(kind: str, window: str, what: str) -> Feature:
    return Feature(
        f"n_{kind}{'es' if kind == 'address' else 's'}_{window}", "count", window, False,
        f"distinct {what} of the user in the {window} before the event (at most 8, sellers 12)",
        f"{{value}} {what} within {WINDOW_TEXT[window]}", plain(f"{kind}_n_{window}"),
    )  # fmt: skip


def _differs(k: Known) -> Column:
    rows = k.events
    known = (rows["address"] != 0) & (rows["billing"] != 0)
    return np.where(known, (rows["address"] != rows["billing"]).astype(np.float64), np.nan)


def _is_night(k: Known) -> Column:
    return (k.own("hour") < 6).astype(np.float64)


def _is_weekend(k: Known) -> Column:
    return (k.own("weekday") >= 5).astype(np.float64)


HABITS: Final = (
    _since("order", "order"), _since("browse", "browse event"), _since("login", "login"),
    _since("review", "review"),
    Feature("order_gap_vs_usual", "ratio", "life", False,
            "time since the last order over the user's mean time between orders",
            "{value} times the usual gap between orders",
            lambda k: ratio(k.own("since_last_order_ms"), k.own("order_gap_mean_ms")),
            says_below="the last order is {value} usual gaps after this event"),
    Feature("tenure_days", "days", "life", False, "time since the user was first seen",
            "user known for {value}", plain("since_first_seen_ms", MS_PER_DAY),
            says_below="user first known {value} after this event"),
    Feature("account_age_days", "days", "life", True, "time since the account was opened",
            "account opened {value} before this event",
            plain("since_account_created_ms", MS_PER_DAY),
            says_below="account opened {value} after this event"),
    Feature("same_hour_share", "share", "life", False,
            "share of the user's events in the same three hours of the day",
            "{value} of this user's events fall in these hours", plain("same_hour_share")),
    share("night_share", "n_night", "n_events", "life", "share of the user's events before 6 am",
           "{value} of this user's events are at night"),
    share("weekend_share", "n_weekend", "n_events", "life",
           "share of the user's events on Saturdays and Sundays",
           "{value} of this user's events are on weekends"),
    Feature("is_night", "0/1", "event", True, "whether it is before 6 am", "at night", _is_night),
    Feature("is_weekend", "0/1", "event", True, "whether it is Saturday or Sunday",
            "on a weekend", _is_weekend),
    Feature("hours_since_placed", "hours", "life", True, "time since this order was first seen",
            "{value} after the order was placed", plain("since_placed_ms", MS_PER_HOUR),
            says_below="{value} before the order was placed"),
    Feature("n_open_orders", "count", "life", False,
            "recent orders neither delivered, cancelled nor returned",
            "{value} open orders", plain("n_open_orders")),
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

EVENT: Final = (
    Feature("hour", "hour of the day", "event", True, "hour of the day, 0 to 23",
            "at {value} o'clock", lambda k: k.own("hour")),
    Feature("weekday", "day of the week", "event", True, "day of the week, Monday 1 to Sunday 7",
            "on day {value} of the week", lambda k: k.own("weekday") + 1.0),
    Feature("n_items", "count", "event", True, "items of the order, by their quantities",
            "{value} items in the order", lambda k: k.event("n_items")),
    Feature("dwell_s", "seconds", "event", True, "time on the page of a browse event",
            "{value} seconds on the page", lambda k: k.event("dwell_ms") / 1_000.0),
    Feature("helpful_votes", "count", "event", True, "readers who found the review helpful",
            "{value} readers found the review helpful", lambda k: k.event("helpful")),
)  # fmt: skip
