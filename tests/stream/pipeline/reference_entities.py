"""What is known of something shared, by definition, from the full list of links and labels.

A link counts from its time plus the visibility lag on, a label's change of the counts after the
time at which it became known. Windows are made of panes as they are for users; users are told
apart to the millisecond.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from math import isnan, nan
from typing import Any

from tests.stream.pipeline.reference import DAY, KEPT, LATENESS, PANE, WINDOW

Touch = dict[str, Any]
PROMPT = 10_000
"""A question that comes no later than this behind the newest touch is answered exactly."""


@dataclass
class ReferenceEntity:
    """All links and labels of one entity in order of arrival."""

    lag_ms: int
    links: list[Touch] = field(default_factory=list)
    labels: list[Touch] = field(default_factory=list)

    @property
    def newest(self) -> float:
        touches = self.links + self.labels
        return max((touch["time_ms"] for touch in touches), default=-float("inf"))

    def is_prompt(self, t: int) -> bool:
        return t >= self.newest - PROMPT

    def answers(self, t: int, user: int) -> dict[str, float]:
        """Answer by definition."""
        links = [link for link in self.links if link["time_ms"] + self.lag_ms <= t]
        labels = [label for label in self.labels if label["time_ms"] < t]
        found = self._links(links, t, user, self._in_kept_pane)
        for w in ("1d", "7d", "30d"):
            for what in ("labels", "frauds"):
                change = sum(x[what] for x in labels if self._in_kept_pane(x["time_ms"], t, w))
                found[f"{what}_{w}"] = max(0, change)
        del found["labels_1d"]
        found |= self._days(labels, t)
        first = min((link["time_ms"] for link in links), default=None)
        return found | {"age_ms": nan if first is None else t - first}

    def _days(self, labels: list[Touch], t: int) -> dict[str, float]:
        """Answer what the days tell on which something became known, the newest first."""
        kept = [x for x in labels if self._in_kept_pane(x["time_ms"], t, "30d")]
        days = sorted({x["time_ms"] // DAY for x in kept}, reverse=True)
        told = []
        for day in days:
            n, frauds = (
                sum(x[what] for x in kept if x["time_ms"] // DAY == day)
                for what in ("labels", "frauds")
            )
            if n or frauds:
                told.append((t - day * DAY, n, frauds))
        since = [age for age, _, frauds in told if frauds > 0]
        after = [n for age, n, _ in told if since and age < since[0]]
        run = list(takewhile(lambda x: x[2] > 0 and x[2] >= x[1], told))
        return {
            "since_fraud_ms": since[0] if since else nan,
            "since_first_fraud_ms": since[-1] if since else nan,
            "labels_since_fraud": sum(after) if since else nan,
            "fraud_run": sum(frauds for _, _, frauds in run),
            "fraud_run_ms": run[-1][0] if run else nan,
        }

    def at_most(self, t: int, user: int) -> dict[str, float]:
        """Answer from all links whose pane is in the window, visible yet or not."""
        found = self._links(self.links, t, user, in_pane)
        for window in ("1d", "30d"):
            found[f"other_users_{window}"] = sum(
                min(times) <= t and max(times) > t - WINDOW[window]
                for other, times in self._times_by_user().items()
                if other != user
            )
        return found

    def _times_by_user(self) -> dict[int, list[int]]:
        users = {link["user"] for link in self.links}
        return {u: [x["time_ms"] for x in self.links if x["user"] == u] for u in users}

    def _links(
        self, links: list[Touch], t: int, user: int, counts: Callable[[int, int, str], bool]
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        for w in ("1d", "30d"):
            within = [x for x in links if counts(x["time_ms"], t, w)]
            found[f"events_{w}"] = len(within)
            found[f"amount_{w}"] = sum(x["amount"] for x in within)
            others = {x["user"] for x in links if t - WINDOW[w] < x["time_ms"] <= t} - {user}
            found[f"other_users_{w}"] = len(others)
        for w in ("1d", "7d", "30d"):
            found[f"orders_{w}"] = sum(x["is_order"] for x in links if counts(x["time_ms"], t, w))
        return found

    def _in_kept_pane(self, time_ms: int, t: int, window: str) -> bool:
        start = time_ms // PANE[window] * PANE[window]
        return in_pane(time_ms, t, window) and start > self.newest - KEPT[window] - LATENESS


def in_pane(time_ms: int, t: int, window: str) -> bool:
    """Whether the pane of ``time_ms`` starts in the window before ``t``."""
    return t - WINDOW[window] < time_ms // PANE[window] * PANE[window] <= t


def shared_features(
    event: dict[str, Any], of: dict[str, dict[str, float]], own: dict[str, float]
) -> dict[str, float]:
    """Return the features of shared things; ``of`` has each kind's answers, none if not named.

    ``own`` are the features of the user's own events.
    """

    def answer(kind: str, question: str) -> float:
        return of[kind][question] if kind in of else nan

    found = {}
    for kind, window in (
        ("device", "1d"), ("device", "30d"), ("instrument", "30d"), ("address", "30d"),
        ("ip", "1d"), ("text", "30d"), ("seller", "30d"),
    ):  # fmt: skip
        found[f"{kind}_other_users_{window}"] = answer(kind, f"other_users_{window}")
    for kind, window in (
        ("device", "1d"), ("instrument", "1d"), ("ip", "1d"), ("seller", "1d"), ("seller", "30d"),
    ):  # fmt: skip
        found[f"{kind}_orders_{window}"] = answer(kind, f"orders_{window}")
    for kind in ("device", "instrument", "address", "ip"):
        found[f"{kind}_frauds_30d"] = answer(kind, "frauds_30d")
    for window, label_window in (("1d", "7d"), ("7d", "7d"), ("30d", "30d")):
        labels, orders = (
            answer("seller", f"labels_{label_window}"),
            answer("seller", f"orders_{window}"),
        )
        frauds = answer("seller", f"frauds_{window}")
        whole = max(labels, orders) if "seller" in of else nan
        found[f"seller_fraud_share_{window}"] = nan if whole == 0 else frauds / whole
    for name in ("fraud", "first_fraud", "fraud_run"):
        question = "fraud_run_ms" if name == "fraud_run" else f"since_{name}_ms"
        found[f"days_since_seller_{name}"] = answer("seller", question) / DAY
    for name in ("frauds_7d", "frauds_30d", "fraud_run", "labels_since_fraud"):
        found[f"seller_{name}"] = answer("seller", name)
    age, day, month = (answer("seller", q) for q in ("age_ms", "orders_1d", "orders_30d"))
    amount, events = answer("seller", "amount_30d"), answer("seller", "events_30d")
    found["seller_age_days"] = age / DAY
    for kind in ("device", "address", "instrument"):
        seen, before = answer(kind, "age_ms"), own[f"{kind}_age_days"] * DAY
        lead = 0.0 if kind in of and isnan(seen) else seen - (0.0 if isnan(before) else before)
        found[f"{kind}_head_start_days"] = 0.0 if lead < 1_000.5 else lead / DAY
    found["seller_day_share"] = nan if month == 0 else day / month
    found["amount_vs_seller"] = nan if amount == 0 else event["amount"] / (amount / events)
    return found
