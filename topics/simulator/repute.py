"""What becomes known of honest people: reviews by hand that cleared them, debts that were paid."""

from typing import Final

from topics.simulator.config import DAY_MS
from topics.simulator.dice import Dice
from topics.simulator.fate import PAY_LATER_DAYS
from topics.simulator.ledger import Scheme
from topics.simulator.order import Order
from topics.simulator.person import Person
from topics.simulator.world import World

REPAID: Final = Scheme("honest:repaid", "default", "collections", 0.95, 1.0)


def cleared(trait: str | None) -> Scheme:
    """Return the scheme of a label that says all is well; ``trait`` is why somebody looked."""
    return Scheme(f"honest:{trait or 'ordinary'}", "legitimate", "manual_review", 1.0, 2.5, 0.7)


def clear(world: World, rng: Dice, person: Person, order: Order) -> None:
    """Label a share of honest orders as legitimate, more of those that look odd."""
    if order.event_id and rng.chance(0.08 if person.trait else 0.025):
        world.ledger.label(
            rng,
            cleared(person.trait),
            order.visit.user_id,
            order.time_ms,
            is_fraud=False,
            event_id=order.event_id,
            amount=order.amount,
        )


def repaid(world: World, rng: Dice, order: Order) -> None:
    """Label an order that was bought on credit and paid for in the end."""
    if order.event_id and rng.chance(REPAID.labelled):
        days = PAY_LATER_DAYS * rng.between(1.0, 1.3) + 1
        world.ledger.label(
            rng,
            REPAID,
            order.visit.user_id,
            order.time_ms,
            is_fraud=False,
            event_id=order.event_id,
            amount=order.amount,
            known_ms=order.time_ms + int(days * DAY_MS),
        )
