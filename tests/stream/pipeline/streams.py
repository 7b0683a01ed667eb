"""Random streams of events and labels in order of arrival, as dicts."""

import random
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from typing import Any

from hypothesis import strategies as st
from numba import config

from tests.stream.pipeline.reference import DAY, HOUR, MINUTE

INTERPRETED = bool(config.DISABLE_JIT)
"""Whether the kernels run as plain Python, some hundred times slower, for coverage to see them."""

START = 1_704_067_200_000  # Monday, 2024-01-01
Item = dict[str, Any]

STEPS = (*range(7), *range(8, 17))
GAPS = (
    0, 0, 1, 999, 1_000, MINUTE, 7 * MINUTE, 10 * MINUTE, HOUR - 1, HOUR, 5 * HOUR, DAY, 3 * DAY,
    7 * DAY, 29 * DAY, 95 * DAY, -1, -MINUTE, -HOUR, -HOUR - 1, -3 * HOUR, -DAY, -40 * DAY,
)  # fmt: skip
AMOUNTS = (0.0, 0.5, 9.99, 25.0, 25.0, 119.9, 1234.56, 1e7)
EMPTY_SKETCH = (0x88,) * 16


def examples(n: int) -> int:
    """Return how many examples to try: fewer where the kernels run as plain Python."""
    return max(3, n // 15) if INTERPRETED else n


def token(i: int, kind: int = 0) -> int:
    """Return a 64-bit token for a small number; 0, which means absent, for 0."""
    return (i * 0x9E37_79B9_7F4A_7C15 + (kind << 40)) % 2**64 if i else 0


@dataclass
class Maker:
    """Makes events and labels from small numbers; ids count up."""

    n_made: int = 0

    def event(self, user: int, time_ms: int, step: int, **fields: Any) -> Item:
        self.n_made += 1
        kind = 0 if step < 8 else 1 if step < 16 else 2
        text = fields.pop("text", 0)
        event = {
            "is_label": False, "user": token(user, 1), "event": token(self.n_made, 2),
            "time_ms": time_ms, "type": kind, "step": step, "source": kind,
            "order": token(fields.pop("order", 0), 3), "account_created_ms": 0,
            "amount": nan if kind == 2 else 1.0, "n_items": 1.0 if kind == 0 else nan,
            "dwell_ms": 1_500.0 if kind == 1 else nan, "helpful": 3.0 if kind == 2 else nan,
            "device": token(fields.pop("device", 0), 4),
            "address": token(fields.pop("address", 0), 5),
            "billing": token(fields.pop("billing", 0), 5),
            "instrument": token(fields.pop("instrument", 0), 6),
            "ip": token(fields.pop("ip", 0), 7), "seller": token(fields.pop("seller", 0), 8),
            "category": fields.pop("category", 0) * 0x9E37_79B1 % 2**32,
            "text": token(text, 9), "text_chars": 7 * text, "rating": 0, "verified": 0,
            "sketch": tuple((text * 37 + i) % 256 for i in range(16)) if text else EMPTY_SKETCH,
        }  # fmt: skip
        return event | fields

    def label(self, event: Item | None, user: int, known_ms: int, is_fraud: bool) -> Item:
        self.n_made += 1
        return {
            "is_label": True, "user": event["user"] if event else token(user, 1),
            "event": event["event"] if event else 0, "label": token(self.n_made, 10),
            "time_ms": event["time_ms"] if event else known_ms, "known_ms": known_ms,
            "amount": nan, "kind": 0, "is_fraud": int(is_fraud),
        }  # fmt: skip


def step_fields(step: int, rng: random.Random) -> dict[str, Any]:
    """Return random fields that go with a step."""
    if step == 16:
        return {"rating": rng.randint(1, 5), "verified": rng.randint(0, 1)}
    amount = rng.choice(AMOUNTS) if rng.random() < 0.5 else round(rng.expovariate(0.02), 2)
    if step < 8:
        return {"amount": amount, "n_items": float(rng.randint(1, 5))}
    return {"amount": rng.choice((nan, amount))}


def seeded(
    seed: int, n: int, n_users: int, *, hot_share: float = 0.0, mean_gap_ms: float = 2 * HOUR,
    late_share: float = 0.1, max_late_ms: int = 60 * DAY, duplicate_share: float = 0.05,
    label_share: float = 0.1, n_things: int = 15,
) -> list[Item]:  # fmt: skip
    """Return about ``n`` items of ``n_users`` users, the first of whom is hot."""
    rng, maker = random.Random(seed), Maker()
    clock, items, events = START, [], []
    for _ in range(n):
        clock += int(rng.expovariate(1 / mean_gap_ms)) if rng.random() < 0.9 else 0
        if rng.random() < 0.002:
            clock += rng.randint(20, 120) * DAY
        draw = rng.random()
        if events and draw < duplicate_share:
            again = dict(rng.choice(events[-200:]))
            again["time_ms"] += rng.choice((0, 0, HOUR, -DAY))
            items.append(again)
        elif events and draw < duplicate_share + label_share:
            about = rng.choice(events)
            known = clock + rng.choice((0, 0, 0, -DAY, DAY, -9 * DAY))
            target = None if rng.random() < 0.1 else about
            label = maker.label(target, 1, known, rng.random() < 0.6)
            items.append(label | {"user": about["user"]})
        else:
            user = 1 if rng.random() < hot_share else rng.randint(1, n_users)
            late = rng.random() < late_share
            time_ms = clock - (int(max_late_ms * rng.random() ** 4) if late else 0)
            event = _random_event(rng, maker, user, time_ms, n_things)
            items.append(event)
            events.append(event)
    return items


def _random_event(rng: random.Random, maker: Maker, user: int, time_ms: int, n_things: int) -> Item:
    step = rng.choice(STEPS)

    def some(n: int, absent: float = 0.3) -> int:
        return 0 if rng.random() < absent else 1 + int(n * rng.random() ** 2)

    return maker.event(
        user, time_ms, step,
        order=1 + rng.randrange(30) + 1000 * user if step < 7 else some(30) + 1000 * user,
        device=some(n_things), address=some(n_things), billing=some(n_things),
        instrument=some(n_things), ip=some(n_things), seller=some(n_things),
        category=some(n_things), text=some(n_things) if step in {9, 16} else 0,
        account_created_ms=START - rng.randint(0, 400) * DAY if rng.random() < 0.2 else 0,
        **step_fields(step, rng),
    )  # fmt: skip


@st.composite
def streams(draw: st.DrawFn, max_size: int = 40, gaps: tuple[int, ...] = GAPS) -> list[Item]:
    """Draw streams that shrink to few items, each with few fields set."""
    maker, clock = Maker(), START
    items: list[Item] = []
    events: list[Item] = []
    things = st.integers(0, 3)
    for _ in range(draw(st.integers(1, max_size))):
        what = draw(st.sampled_from(("event",) * 8 + ("duplicate", "label", "user label")))
        user = draw(st.integers(1, 3))
        clock = max(START, clock + draw(st.sampled_from(gaps)))
        if what == "event" or not events:
            step = draw(st.sampled_from(STEPS))
            fields: dict[str, Any] = {
                "order": draw(st.integers(1 if step < 7 else 0, 4)),
                **{name: draw(things) for name in ("device", "instrument", "seller", "address")},
            }
            if draw(st.booleans()):
                fields |= {name: draw(things) for name in ("billing", "ip", "category", "text")}
                created = st.sampled_from((0, START - DAY, START - 90 * DAY))
                fields["account_created_ms"] = draw(created)
            if step == 16:
                fields |= {"rating": draw(st.integers(1, 5)), "verified": draw(st.integers(0, 1))}
            else:
                # A price may be missing; an order always has an amount.
                price = st.sampled_from(AMOUNTS if step < 8 else (nan, *AMOUNTS))
                fields["amount"] = draw(price)
            events.append(maker.event(user, clock, step, **fields))
            items.append(events[-1])
        elif what == "duplicate":
            items.append(dict(draw(st.sampled_from(events))) | {"time_ms": clock})
        else:
            about = draw(st.sampled_from(events)) if what == "label" else None
            known = clock + draw(st.sampled_from((0, 0, -DAY, DAY)))
            items.append(maker.label(about, user, known, draw(st.booleans())))
    return items


def cut(items: list[Item], at: list[int]) -> list[list[Item]]:
    """Cut a stream into batches at these positions."""
    ends = [0, *sorted(at), len(items)]
    return [items[a:b] for a, b in pairwise(ends) if a < b]
