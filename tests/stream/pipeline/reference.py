"""A user's features by definition: slow, obvious, from the full list of what happened.

Nothing here shares code with the kernels. Events are dicts with the fields of ``EVENT``; NaN means
unknown. What the system bounds on purpose (the last orders, recent things, ids and labels) is
bounded here too, as plain lists.
"""

import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import nan
from typing import Any

Event = dict[str, Any]

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
WINDOW = {"1h": HOUR, "1d": DAY, "7d": WEEK, "30d": 30 * DAY}
# Each window is made of panes of one width, and panes are kept for the longest window they make.
PANE = {"1h": 10 * MINUTE, "1d": HOUR, "7d": DAY, "30d": DAY}
KEPT = {"1h": HOUR, "1d": DAY, "7d": 30 * DAY, "30d": 30 * DAY}
LATENESS = HOUR

ORDER, BROWSE, REVIEW = range(3)
PLACED, PAID, _SHIPPED, DELIVERED, CANCELLED, RETURNED, REFUNDED = range(7)
VIEW, SEARCH, CART, LOGIN = 8, 9, 11, 14

LIMITS = {"device": 8, "address": 8, "instrument": 8, "ip": 8, "seller": 12, "category": 12,
          "text": 8}  # fmt: skip
NEW_FLAGS = {"device": 1, "address": 2, "instrument": 4, "ip": 8, "seller": 256}
QUOTA = {ORDER: 10, BROWSE: 10, REVIEW: 4}


def ratio(above: float, below: float) -> float:
    return nan if below == 0 else above / below


def low32(token: int) -> int:
    return token % 2**32


def pane_in_window(time_ms: int, t: int, window: str, newest: int) -> bool:
    """Whether the pane of ``time_ms`` starts in the window before ``t`` and is still kept."""
    start = time_ms // PANE[window] * PANE[window]
    return t - WINDOW[window] < start <= t and start > newest - KEPT[window] - LATENESS


@dataclass
class Thing:
    """A device, address, and so on, that the user has used."""

    token: int
    first_s: int
    last_s: int
    uses: int = 1


@dataclass
class Order:
    token: int
    first_s: int
    amount: float
    statuses: set[int] = field(default_factory=set)


class ReferenceUser:
    """One user: all events in order of arrival, and what is remembered of them."""

    def __init__(self, zone_ms: int = 0) -> None:
        self.zone_ms = zone_ms
        self.past: list[Event] = []
        self.n_duplicates = 0
        self.n_late = 0
        self.orders: list[Order] = []
        self.things: dict[str, list[Thing]] = {kind: [] for kind in LIMITS}
        self.labels: dict[int, tuple[int, bool]] = {}  # event: known at, is fraud
        self.forgotten_labels: list[bool] = []

    # Taking things in.

    def is_duplicate(self, event: Event) -> bool:
        return any(e["event"] % 2**48 == event["event"] % 2**48 for e in self.past[-64:])

    def apply(self, event: Event) -> None:
        event = event | {"counts_as_order": False}
        if event["type"] == ORDER:
            self._apply_order(event)
        for kind in LIMITS:
            self._use(kind, event)
        self.past.append(event)

    def _apply_order(self, event: Event) -> None:
        order = self._order(event)
        if order is None:
            order = Order(low32(event["order"]), event["time_ms"] // 1000, event["amount"])
            self.orders = [*self.orders, order][-12:]
        # An order counts once, when it is placed; or paid, where nobody saw it placed.
        event["counts_as_order"] = event["step"] in {PLACED, PAID} and not (
            order.statuses & {PLACED, PAID}
        )
        order.statuses.add(event["step"])
        order.first_s = min(order.first_s, event["time_ms"] // 1000)

    def _order(self, event: Event) -> Order | None:
        if event["order"] == 0:
            return None
        return next((o for o in self.orders if o.token == low32(event["order"])), None)

    def _token(self, kind: str, event: Event) -> int:
        return 0 if kind == "text" and event["type"] != REVIEW else low32(event[kind])

    def _thing(self, kind: str, event: Event) -> Thing | None:
        token = self._token(kind, event)
        return next((thing for thing in self.things[kind] if thing.token == token), None)

    def _use(self, kind: str, event: Event) -> None:
        token, seconds = self._token(kind, event), event["time_ms"] // 1000
        if token == 0:
            return
        things = self.things[kind]
        if thing := self._thing(kind, event):
            thing.first_s = min(thing.first_s, seconds)
            thing.last_s = max(thing.last_s, seconds)
            thing.uses += 1
        elif len(things) < LIMITS[kind]:
            things.append(Thing(token, seconds, seconds))
        else:
            longest_unseen = min(things, key=lambda thing: thing.last_s)
            things[things.index(longest_unseen)] = Thing(token, seconds, seconds)

    def apply_label(self, label: Event) -> tuple[int, int]:
        """Return by how much the counts of labels and of frauds change."""
        target, fraud = low32(label["event"]), bool(label["is_fraud"])
        if target in self.labels:
            known, was_fraud = self.labels[target]
            if label["known_ms"] < known:
                return 0, 0
            self.labels[target] = (label["known_ms"], fraud)
            return 0, fraud - was_fraud
        self.labels[target] = (label["known_ms"], fraud)
        if len(self.labels) > 16:
            oldest = next(iter(self.labels))
            self.forgotten_labels.append(self.labels.pop(oldest)[1])
        return 1, int(fraud)

    # Asking.

    @property
    def newest(self) -> float:
        return max((e["time_ms"] for e in self.past), default=-float("inf"))

    def is_late(self, event: Event) -> bool:
        return event["time_ms"] < self.newest - LATENESS

    def is_warm(self, event: Event) -> bool:
        """Whether the user has been watched for thirty days, or from the account's first day."""
        t = event["time_ms"]
        first = min([e["time_ms"] for e in self.past] + [t])
        created = self.account_created(event)
        return t - first >= 30 * DAY or (created is not None and first - created <= DAY)

    def account_created(self, event: Event) -> int | None:
        told = [e["account_created_ms"] for e in [*self.past, event] if e["account_created_ms"]]
        return told[0] if told else None

    def local(self, event: Event) -> datetime:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return epoch + timedelta(milliseconds=event["time_ms"] + self.zone_ms)

    def is_night(self, event: Event) -> bool:
        return self.local(event).hour < 6

    def is_weekend(self, event: Event) -> bool:
        return self.local(event).weekday() >= 5

    def window(self, t: int, window: str) -> list[Event]:
        newest = self.newest
        return [e for e in self.past if pane_in_window(e["time_ms"], t, window, newest)]

    def week_before(self, t: int) -> list[Event]:
        return self.window(t - WEEK, "7d")

    def flags(self, event: Event) -> int:
        """Return the flags of a past event."""
        flags = sum(
            flag
            for kind, flag in NEW_FLAGS.items()
            if self._token(kind, event) and not self._thing(kind, event)
        )
        flags += 16 * self.is_night(event) + 32 * self.is_weekend(event)
        flags += 64 * (event["text"] != 0) + 128 * (event["verified"] != 0)
        return flags + 512 * self.is_late(event)

    def recent_past(self) -> list[Event]:
        """Return the last events that the Transformer sees, newest arrival first."""
        held = {id(e) for t in QUOTA for e in [e for e in self.past if e["type"] == t][-QUOTA[t] :]}
        return [e for e in reversed(self.past) if id(e) in held]

    def features(self, event: Event) -> dict[str, float]:
        """Return the value of every feature of the user's own events, and of the user's labels."""
        return (
            self._amounts(event) | self._counts(event) | self._habits(event)
            | self._used(event) | self._reviews(event) | self._known_labels(event)
        )  # fmt: skip

    def _amounts(self, event: Event) -> dict[str, float]:
        t = event["time_ms"]
        is_order = event["type"] == ORDER
        amount = event["amount"] if is_order else nan
        earlier = amounts(self.past)
        mean = statistics.fmean(earlier) if earlier else nan
        deviation = statistics.stdev(earlier) if len(earlier) > 1 else nan
        usual = mean if mean > 0 else 1.0
        spent = {w: sum(amounts(self.window(t, w))) for w in WINDOW}
        found = {
            "amount": event["amount"],
            "amount_per_item": ratio(event["amount"], event["n_items"]),
            "amount_vs_mean": ratio(amount, mean),
            "amount_deviation": ratio(amount - mean, deviation + 0.1 * mean),
            "amount_vs_max": ratio(amount, max(earlier, default=0)),
            "amount_max_30d": max(amounts(self.window(t, "30d")), default=0),
            "amount_growth_7d": (spent["7d"] + usual) / (sum(amounts(self.week_before(t))) + usual),
        }
        for w in ("1d", "7d", "30d"):
            found[f"amount_{w}"] = spent[w]
            found[f"amount_mean_{w}"] = ratio(spent[w], len(amounts(self.window(t, w))))
        recent = {w: amounts(self.window(t, w)) for w in ("7d", "30d")}
        recent["14d"] = recent["7d"] + amounts(self.week_before(t))
        for w in ("7d", "30d"):
            found[f"amount_vs_mean_{w}"] = ratio(amount, found[f"amount_mean_{w}"])
        found["amount_vs_max_7d"] = ratio(amount, max(recent["7d"], default=0))
        for w, spent_each in recent.items():
            found[f"amount_peak_{w}"] = ratio(max(spent_each, default=0), mean)
        found["amount_mean_7d_vs_mean"] = ratio(found["amount_mean_7d"], mean)
        return found

    def _counts(self, event: Event) -> dict[str, float]:
        t = event["time_ms"]
        past = {w: self.window(t, w) for w in WINDOW}
        orders = {w: len(amounts(past[w])) for w in WINDOW}
        browse = {w: of_type(past[w], BROWSE) for w in WINDOW}
        refunds = sum(e["amount"] for e in of_step(past["30d"], RETURNED, REFUNDED))
        n_orders = len(amounts(self.past))
        return {
            **{f"orders_{w}": orders[w] for w in WINDOW},
            **{f"browse_{w}": len(browse[w]) for w in ("1h", "1d", "7d")},
            "searches_1d": len(of_step(past["1d"], SEARCH)),
            "carts_1d": len(of_step(past["1d"], CART)),
            "logins_1d": len(of_step(past["1d"], LOGIN)),
            "reviews_1d": len(of_type(past["1d"], REVIEW)),
            "reviews_7d": len(of_type(past["7d"], REVIEW)),
            "orders_growth_7d": (orders["7d"] + 1) / (len(amounts(self.week_before(t))) + 1),
            "browse_per_order_1d": len(browse["1d"]) / (orders["1d"] + 1),
            "browse_per_order_30d": len(browse["30d"]) / (orders["30d"] + 1),
            "n_orders": n_orders,
            "cancelled_share_30d": ratio(len(of_step(past["30d"], CANCELLED)), orders["30d"]),
            "returned_share_30d": ratio(
                len(of_step(past["30d"], RETURNED, REFUNDED)), orders["30d"]
            ),
            "returned_share": ratio(len(of_step(self.past, RETURNED, REFUNDED)), n_orders),
            "refund_share_30d": ratio(refunds, sum(amounts(past["30d"]))),
        }

    def _habits(self, event: Event) -> dict[str, float]:
        t, n = event["time_ms"], len(self.past)
        orders = [e for e in self.past if e["counts_as_order"]]
        gaps = [
            abs(orders[i]["time_ms"] - max(e["time_ms"] for e in orders[:i]))
            for i in range(1, len(orders))
        ]
        order = self._order(event)
        created = self.account_created(event)
        hour = self.local(event).hour
        same_hour = [e for e in self.past if self.local(e).hour // 3 == hour // 3]
        done = {DELIVERED, CANCELLED, RETURNED, REFUNDED}
        return {
            "hours_since_order": since_last(t, orders) / HOUR,
            "hours_since_browse": since_last(t, of_type(self.past, BROWSE)) / HOUR,
            "hours_since_login": since_last(t, of_step(self.past, LOGIN)) / HOUR,
            "hours_since_review": since_last(t, of_type(self.past, REVIEW)) / HOUR,
            "order_gap_vs_usual": ratio(
                since_last(t, orders), statistics.fmean(gaps) if gaps else 0
            ),
            "tenure_days": (t - min([e["time_ms"] for e in self.past], default=t)) / DAY,
            "account_age_days": nan if created is None else (t - created) / DAY,
            "same_hour_share": ratio(len(same_hour), n),
            "night_share": ratio(sum(self.is_night(e) for e in self.past), n),
            "weekend_share": ratio(sum(self.is_weekend(e) for e in self.past), n),
            "is_night": self.is_night(event),
            "is_weekend": self.is_weekend(event),
            "hour": hour,
            "weekday": self.local(event).isoweekday(),
            "n_items": event["n_items"],
            "dwell_s": event["dwell_ms"] / 1000,
            "helpful_votes": event["helpful"],
            "hours_since_placed": max(0, t // 1000 - order.first_s) / 3600 if order else nan,
            "n_open_orders": sum(not o.statuses & done for o in self.orders),
        }

    def _used(self, event: Event) -> dict[str, float]:
        found: dict[str, float] = {}
        seconds = event["time_ms"] // 1000
        for kind in ("device", "address", "instrument", "ip", "seller", "category"):
            thing = self._thing(kind, event)
            unknown = self._token(kind, event) == 0
            age_s = max(0, seconds - thing.first_s) if thing else 0
            found[f"new_{kind}"] = nan if unknown else float(thing is None)
            if kind in {"device", "address", "instrument"}:
                found[f"{kind}_age_days"] = nan if unknown else age_s / 86_400
        for kind, window, days in (
            ("devices", "1d", 1), ("devices", "30d", 30), ("instruments", "1d", 1),
            ("instruments", "30d", 30), ("addresses", "30d", 30), ("ips", "1d", 1),
            ("sellers", "1d", 1), ("sellers", "30d", 30),
        ):  # fmt: skip
            things = self.things["address" if kind == "addresses" else kind.removesuffix("s")]
            # In use between the window's ends, as far as first and last use tell.
            found[f"n_{kind}_{window}"] = sum(
                thing.first_s <= seconds and thing.last_s > seconds - days * 86_400
                for thing in things
            )
        known = event["address"] != 0 and event["billing"] != 0
        found["billing_differs"] = event["address"] != event["billing"] if known else nan
        return found

    def _reviews(self, event: Event) -> dict[str, float]:
        is_review = event["type"] == REVIEW
        ratings = [e["rating"] for e in of_type(self.past, REVIEW)]
        verified = [e["verified"] for e in of_type(self.past, REVIEW)]
        rating = event["rating"] if is_review else nan
        text = self._thing("text", event)
        has_text = is_review and event["text"] != 0
        return {
            "rating": rating,
            "rating_deviation": rating - (statistics.fmean(ratings) if ratings else nan),
            "five_star_share": ratio(ratings.count(5), len(ratings)),
            "verified_share": ratio(sum(verified), len(ratings)),
            "verified": event["verified"] if is_review else nan,
            "text_chars": event["text_chars"],
            "own_text_repeats": (text.uses if text else 0) if has_text else nan,
        }

    def _known_labels(self, event: Event) -> dict[str, float]:
        t = event["time_ms"]
        own = low32(event["event"])
        frauds = [
            known
            for about, (known, is_fraud) in self.labels.items()
            if is_fraud and known < t and about != own
        ]
        return {
            "user_frauds": len(frauds) + sum(self.forgotten_labels),
            "days_since_user_fraud": (t - max(frauds)) / DAY if frauds else nan,
        }


def amounts(events: list[Event]) -> list[float]:
    """Return the amounts of the orders among the events, each order once."""
    return [e["amount"] for e in events if e["counts_as_order"]]


def of_type(events: list[Event], code: int) -> list[Event]:
    return [e for e in events if e["type"] == code]


def of_step(events: list[Event], *steps: int) -> list[Event]:
    return [e for e in events if e["step"] in steps]


def since_last(t: int, events: list[Event]) -> float:
    return t - max(e["time_ms"] for e in events) if events else nan
