"""What simple features see of simulated events: counts, habits, novelty, sharing, labels."""

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

HOUR, DAY = 3_600_000, 86_400_000
SPANS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
STEPS = ("placed", "returned", "review")
"""The steps at which a shop can still stop something."""


class Looks(NamedTuple):
    """One row of ``values`` per event at one of STEPS."""

    names: list[str]
    values: np.ndarray
    steps: np.ndarray
    ids: list[str]
    times: np.ndarray
    texts: list[str]


@dataclass
class Account:
    first_ms: int
    times: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    amounts: list[float] = field(default_factory=list)
    ratings: list[int] = field(default_factory=list)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    latest: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    on_credit: int = 0
    promos: int = 0
    frauds: int = 0

    def count(self, what: str, now: int, span: int) -> int:
        return len(self.times[what]) - bisect_left(self.times[what], now - span)


class Sharing:
    """Who used a thing lately."""

    def __init__(self) -> None:
        self.uses: deque[tuple[int, str]] = deque()
        self.users: Counter[str] = Counter()

    def add(self, now: int, user: str) -> None:
        self.uses.append((now, user))
        self.users[user] += 1

    def look(self, now: int, span: int) -> tuple[int, int]:
        while self.uses and self.uses[0][0] <= now - span:
            user = self.uses.popleft()[1]
            self.users[user] -= 1
            if not self.users[user]:
                del self.users[user]
        return len(self.users), len(self.uses)


def things_of(event: dict[str, Any]) -> dict[str, str | None]:
    ip = event.get("ip")
    if ip:
        ip = ":".join(ip.split(":")[:3]) if ":" in ip else ip.rpartition(".")[0]
    text = event.get("text")
    return {
        "device": event.get("device_id"),
        "address": event.get("shipping_address_id"),
        "instrument": event.get("payment", {}).get("instrument_id"),
        "ip": ip,
        "seller": event.get("seller_id"),
        "text": text.lower() if text else None,
    }


class Watcher:
    """Sees events and labels in order and tells what each event looked like when it came."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.day: dict[tuple[str, str], Sharing] = defaultdict(Sharing)
        self.month: dict[tuple[str, str], Sharing] = defaultdict(Sharing)
        self.frauds: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.things: dict[str, list[tuple[str, str]]] = {}
        self.orders: dict[tuple[str, str], int] = {}
        self.stars: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def hear(self, label: dict[str, Any]) -> None:
        if label["is_fraud"] and (account := self.accounts.get(label["user_id"])):
            account.frauds += 1
            for thing in self.things.get(label.get("event_id", ""), ()):
                self.frauds[thing].append(label["known_at"])

    def look(self, event: dict[str, Any], step: str, a: Account) -> dict[str, float]:
        now, nan = event["event_time"], np.nan
        hour = now // HOUR % 24
        f: dict[str, float] = {}
        amount = event.get("amount", nan)
        items = event.get("items", [])
        pieces = sum(item["quantity"] for item in items) or nan
        mean = float(np.mean(a.amounts)) if a.amounts else nan
        f["amount"], f["n_items"], f["amount_per_item"] = amount, pieces, amount / pieces
        f["amount_vs_mean"] = amount / mean
        f["amount_vs_max"] = amount / max(a.amounts, default=nan)
        f["amount_deviation"] = (amount - mean) / (float(np.std(a.amounts or [0.0])) + 0.1 * mean)
        whats = ("placed", "browse", "review", "search", "add_to_cart", "login", "cancelled")
        for what in (*whats, "returned"):
            for name, span in SPANS.items():
                f[f"{what}_{name}"] = a.count(what, now, span)
            f[f"hours_since_{what}"] = (now - a.times[what][-1]) / HOUR if a.times[what] else nan
        n = len(a.times["placed"])
        f["growth"] = (f["placed_7d"] + 1) / (a.count("placed", now, 14 * DAY) - f["placed_7d"] + 1)
        f["browse_per_order"] = f["browse_1d"] / (f["placed_1d"] + 1)
        f["n_orders"], f["n_events"] = n, len(a.times["browse"])
        f["return_share"] = len(a.times["returned"]) / n if n else nan
        f["cancel_share"] = len(a.times["cancelled"]) / n if n else nan
        f["unpaid"], f["promo_share"] = a.on_credit, a.promos / n if n else nan
        f["tenure"] = (now - a.first_ms) / DAY
        f["age"] = (now - event.get("account_created_at", nan)) / DAY
        whole = sum(a.hours)
        f["same_hour"] = sum(a.hours[(hour + d) % 24] for d in (-1, 0, 1)) / whole if whole else nan
        f["night"] = sum(a.hours[:6]) / whole if whole else nan
        f["hour"], f["weekday"] = hour, (now // DAY + 3) % 7
        for kind, thing in things_of(event).items():
            f |= self._thing(kind, thing, now, a)
        f["seller_fraud_share"] = f["seller_frauds"] / max(1, f["seller_uses_30d"])
        order = event.get("order_id", "")
        f["h_since_placed"] = (now - self.orders.get((order, "placed"), nan)) / HOUR
        f["h_since_delivered"] = (now - self.orders.get((order, "delivered"), nan)) / HOUR
        attributes = event.get("attributes", {})
        for name in ("promo_code", "discount_share", "gift"):
            f[name] = attributes.get(name, nan)
        method = event.get("payment", {}).get("method")
        for name in ("card", "wallet", "bank", "pay_later", "cash_on_delivery"):
            f[f"by_{name}"] = float(method == name) if method else nan
        for name in ("app", "web", "miniprogram", "mobile_web"):
            f[f"on_{name}"] = float(event.get("channel") == name)
        text = event.get("text") or event.get("description") or ""
        f["chars"] = len(text)
        rating = event.get("rating", nan)
        f["rating"], f["rating_vs_own"] = rating, rating - np.mean(a.ratings or [nan])
        total, count = self.stars[event.get("seller_id", "")]
        f["rating_vs_seller"] = rating - total / count if count else nan
        f["verified"] = event.get("verified_purchase", nan)
        f["helpful"], f["titled"] = event.get("helpful_votes", nan), float("title" in event)
        f["known_frauds"] = a.frauds
        f["is_guest"] = float(event["user_id"].startswith("guest:"))
        f["is_cny"] = float(event.get("currency") == "CNY") if step != "review" else nan
        return f

    def _thing(self, kind: str, thing: str | None, now: int, a: Account) -> dict[str, float]:
        names = ("users_1d", "uses_1d", "users_30d", "uses_30d", "age", "frauds", "n_30d", "n_1d")
        if thing is None:
            return dict.fromkeys([f"{kind}_{name}" for name in names], np.nan)
        key = (kind, thing)
        values = (
            *self.day[key].look(now, DAY),
            *self.month[key].look(now, 30 * DAY),
            (now - a.known.get(key, now)) / DAY,
            sum(when > now - 30 * DAY for when in self.frauds[key]),
            sum(when > now - 30 * DAY for when in a.latest[kind].values()),
            sum(when > now - DAY for when in a.latest[kind].values()),
        )
        return {f"{kind}_{name}": value for name, value in zip(names, values, strict=True)}

    def learn(self, event: dict[str, Any], step: str, a: Account) -> None:
        now = event["event_time"]
        a.hours[now // HOUR % 24] += 1
        a.times[step].append(now)
        if event["type"] == "browse":
            a.times["browse"].append(now)
        elif event["type"] == "order":
            self.orders.setdefault((event["order_id"], step), now)
            later = event.get("payment", {}).get("method") == "pay_later"
            a.on_credit += later * ((step == "placed") - (step == "paid"))
            if step == "placed":
                a.amounts.append(event["amount"])
                a.promos += event["attributes"]["promo_code"]
        else:
            a.ratings.append(event["rating"])
            self.stars[event["seller_id"]][0] += event["rating"]
            self.stars[event["seller_id"]][1] += 1
        things = [(kind, thing) for kind, thing in things_of(event).items() if thing]
        for key in things:
            a.known.setdefault(key, now)
            a.latest[key[0]][key[1]] = now
            if step in STEPS:
                self.day[key].add(now, event["user_id"])
                self.month[key].add(now, event["user_id"])
        if step in STEPS:
            self.things[event["event_id"]] = things


def looks(events: Iterable[dict[str, Any]], labels: Iterable[dict[str, Any]]) -> Looks:
    """Return what the events at STEPS looked like; both come in order of time."""
    watcher, rest = Watcher(), iter(labels)
    label = next(rest, None)
    rows, steps, ids, times, texts = [], [], [], [], []
    for event in events:
        while label is not None and label["known_at"] < event["event_time"]:
            watcher.hear(label)
            label = next(rest, None)
        step = event.get("status") or event.get("action") or "review"
        account = watcher.accounts.setdefault(event["user_id"], Account(event["event_time"]))
        if step in STEPS:
            look = watcher.look(event, step, account)
            rows.append(look)
            steps.append(step)
            ids.append(event["event_id"])
            times.append(event["event_time"])
            texts.append(event.get("text") or event.get("description") or "")
        watcher.learn(event, step, account)
    values = np.array([list(row.values()) for row in rows], np.float64)
    return Looks(list(rows[0]), values, np.array(steps), ids, np.array(times), texts)
