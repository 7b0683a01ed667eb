"""What becomes of an order: paid, shipped, delivered, or cancelled, returned, refunded."""

from dataclasses import dataclass
from typing import Final

from topics.simulator.config import DAY_MS, HOUR_MS, MINUTE_MS
from topics.simulator.dice import Dice
from topics.simulator.ledger import Visit
from topics.simulator.order import Order, advance
from topics.simulator.world import World

PAY_LATER_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Fate:
    """What is to become of an order.

    ``cancelled``: before it is shipped. ``refused``: the payment fails and the order is cancelled
    within minutes. ``pays``: False for those who buy now, should pay later, and never do.
    ``hurry`` scales the delays until delivery.
    """

    cancelled: bool = False
    refused: bool = False
    pays: bool = True
    hurry: float = 1.0


KEPT: Final = Fate()


def fulfil(world: World, rng: Dice, order: Order, fate: Fate) -> int | None:
    """Write what happens until delivery; return when it was delivered, or None if never."""
    digital = all(product.category.digital for product, _ in order.lines)
    later = order.terms.method in {"pay_later", "cash_on_delivery"}
    now = order.time_ms + int(rng.around(1.6, 0.9) * MINUTE_MS) + 800
    if fate.refused:
        advance(world, rng, order, "cancelled", now, by=order.visit)
        return None
    if not later:
        if rng.chance(0.04):
            now += int(rng.around(4, 0.8) * HOUR_MS)
        advance(world, rng, order, "paid", now, by=order.visit)
    if fate.cancelled:
        now += int(rng.around(3, 1.1) * HOUR_MS)
        advance(world, rng, order, "cancelled", now, by=order.visit)
        if not later:
            now += int(rng.around(20, 0.7) * HOUR_MS)
            advance(world, rng, order, "refunded", now)
        return None
    shipping, carriage = (0.05, 0.03) if digital else (17.0, 54.0)
    now += int(rng.around(shipping, 0.7) * fate.hurry * HOUR_MS) + 2_000
    if not digital or rng.chance(0.3):
        advance(world, rng, order, "shipped", now)
    now += int(rng.around(carriage, 0.45) * fate.hurry * HOUR_MS) + 2_000
    advance(world, rng, order, "delivered", now)
    if later and fate.pays:
        due = now if order.terms.method == "cash_on_delivery" else order.time_ms
        if order.terms.method == "pay_later":
            due += int(PAY_LATER_DAYS * DAY_MS * min(1.9, rng.around(0.93, 0.16)))
        advance(world, rng, order, "paid", due + 1)
    return now


def send_back(
    world: World, rng: Dice, order: Order, by: Visit | None, delivered_ms: int, days: float
) -> str | None:
    """Write a return about ``days`` after delivery and its refund; return the return's event id."""
    now = delivered_ms + int(rng.around(days, 0.6) * DAY_MS) + HOUR_MS
    event_id = advance(world, rng, order, "returned", now, by=by)
    refund_ms = now + int(rng.around(2.6, 0.6) * DAY_MS)
    advance(world, rng, order, "refunded", refund_ms)
    return event_id
