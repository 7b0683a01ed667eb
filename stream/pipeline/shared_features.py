"""Features of what users share, and of labels: these depend on what had arrived by then."""

from typing import Final

import numpy as np

from stream.pipeline.feature import Column, Feature, Known, ratio
from stream.pipeline.wording import WINDOW_TEXT

DAY_MS: Final = 86_400_000.0
SAME_MS: Final = 1_000.5
"""Below it two first uses are one: a user's own things are remembered to the second."""


def _users(kind: str, window: str, what: str) -> Feature:
    return Feature(
        f"{kind}_other_users_{window}", "count", window, False,
        f"other users of this {what} in the {window} before (estimated above 256)",
        f"{{value}} other accounts used this {what} within {WINDOW_TEXT[window]}",
        lambda k: k.entity(kind, f"other_users_{window}"), shared=True,
    )  # fmt: skip


def _orders(kind: str, window: str, what: str) -> Feature:
    return Feature(
        f"{kind}_orders_{window}", "count", window, False,
        f"orders with this {what} in the {window} before, of all users",
        f"{{value}} orders with this {what} within {WINDOW_TEXT[window]}",
        lambda k: k.entity(kind, f"orders_{window}"), shared=True,
    )  # fmt: skip


def _frauds(kind: str, what: str, window: str = "30d") -> Feature:
    return Feature(
        f"{kind}_frauds_{window}", "count", window, False,
        f"events with this {what} that became known as fraud in the {window} before",
        f"{{value}} known frauds with this {what} within {WINDOW_TEXT[window]}",
        lambda k: k.entity(kind, f"frauds_{window}"), shared=True,
    )  # fmt: skip


def _head_start(kind: str, what: str) -> Feature:
    def compute(k: Known) -> Column:
        age, own = k.entity(kind, "age_ms"), np.nan_to_num(k.own(f"{kind}_age_ms"))
        unseen = np.isnan(age) & ~np.isnan(k.entity(kind, "events_1d"))
        same = age - own < SAME_MS
        return np.where(unseen | same, 0.0, age - own) / DAY_MS

    return Feature(
        f"{kind}_head_start_days", "days", "life", False,
        f"how long before this account others first used this {what}; 0 where it was the first",
        f"others first used this {what} {{value}} before this account did", compute, shared=True,
    )  # fmt: skip


def _days_since(name: str, question: str, about: str, says: str) -> Feature:
    return Feature(
        f"days_since_seller_{name}", "days", "30d", False,
        f"time since the day on which {about}; unknown without one in thirty days",
        f"{{value}} since {says}",
        lambda k: k.entity("seller", question) / DAY_MS, shared=True,
    )  # fmt: skip


def _fraud_share(window: str, orders: str) -> Feature:
    def compute(k: Known) -> Column:
        labels = k.entity("seller", "labels_7d" if window != "30d" else "labels_30d")
        whole = np.maximum(k.entity("seller", orders), labels)
        return ratio(k.entity("seller", f"frauds_{window}"), whole)

    return Feature(
        f"seller_fraud_share_{window}", "share", window, False,
        f"frauds of this seller that became known in the {window} before, over its orders or its "
        "labels of that time, whichever are more",
        f"{{value}} of this seller's orders turned out as fraud within {WINDOW_TEXT[window]}",
        compute, shared=True,
    )  # fmt: skip


RUNS: Final = (
    _frauds("seller", "seller", "7d"), _frauds("seller", "seller"),
    _days_since("fraud", "since_fraud_ms", "a fraud of this seller last became known",
                "this seller's last known fraud"),
    _days_since("first_fraud", "since_first_fraud_ms",
                "the first fraud of this seller in thirty days became known",
                "the first of this seller's frauds known within 30 days"),
    _days_since("fraud_run", "fraud_run_ms",
                "the run of frauds began in which this seller's newest verdicts stand",
                "this seller's orders began to turn out as nothing but fraud"),
    Feature("seller_fraud_run", "count", "30d", False,
            "frauds of the newest days with verdicts on this seller, back to the first day on "
            "which one turned out honest",
            "the last {value} verdicts on this seller's orders are all fraud",
            lambda k: k.entity("seller", "fraud_run"), shared=True),
    Feature("seller_labels_since_fraud", "count", "30d", False,
            "verdicts on this seller on later days than that of its last known fraud",
            "{value} orders of this seller turned out honest since its last known fraud",
            lambda k: k.entity("seller", "labels_since_fraud"), shared=True),
)  # fmt: skip
"""How far a seller is taken over: what takes hold of one does not let go from order to order."""

SHARED: Final = (
    _users("device", "1d", "device"), _users("device", "30d", "device"),
    _users("instrument", "30d", "payment instrument"), _users("address", "30d", "address"),
    _users("ip", "1d", "network"), _users("text", "30d", "review text"),
    _users("seller", "30d", "seller"),
    _orders("device", "1d", "device"), _orders("instrument", "1d", "payment instrument"),
    _orders("ip", "1d", "network"), _orders("seller", "1d", "seller"),
    _orders("seller", "30d", "seller"),
    _head_start("device", "device"), _head_start("address", "address"),
    _head_start("instrument", "payment instrument"),
    Feature("seller_age_days", "days", "life", False, "time since the seller was first seen",
            "seller first seen {value} before this event",
            lambda k: k.entity("seller", "age_ms") / DAY_MS, shared=True,
            says_below="seller first seen {value} after this event"),
    Feature("seller_day_share", "share", "30d", False,
            "share of the last day in the seller's orders of thirty days",
            "{value} of this seller's orders of 30 days fall in the last 24 hours",
            lambda k: ratio(k.entity("seller", "orders_1d"), k.entity("seller", "orders_30d")),
            shared=True),
    Feature("amount_vs_seller", "ratio", "30d", True,
            "amount over the mean amount of the seller's events of thirty days",
            "amount is {value} times this seller's mean",
            lambda k: ratio(k.event("amount") * k.entity("seller", "events_30d"),
                            k.entity("seller", "amount_30d")), shared=True),
    _frauds("device", "device"), _frauds("instrument", "payment instrument"),
    _frauds("address", "address"), _frauds("ip", "network"),
    _fraud_share("1d", "orders_1d"), _fraud_share("7d", "orders_7d"),
    _fraud_share("30d", "orders_30d"),
    *RUNS,
    Feature("user_frauds", "count", "life", False,
            "events of the user that became known as fraud, or the user as bad",
            "{value} earlier events of this account turned out as fraud",
            lambda k: k.own("visible_fraud_labels"), shared=True),
    Feature("days_since_user_fraud", "days", "life", False,
            "time since an event of the user last became known as fraud",
            "{value} since this account's last known fraud",
            lambda k: k.own("since_fraud_label_ms") / DAY_MS, shared=True,
            says_below="this account's last known fraud is {value} after this event"),
)  # fmt: skip
