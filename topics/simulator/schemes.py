"""The ways the market loses money: what labels call them, how late they come, and how many."""

from typing import Final

from topics.simulator.dice import Dice
from topics.simulator.ledger import Scheme
from topics.simulator.order import Order
from topics.simulator.world import World

TAKEOVER: Final = Scheme(
    "account_takeover", "account_takeover", "customer_complaint", 0.85, 4.0, 0.7
)
CARD_TESTING: Final = Scheme("card_testing", "chargeback", "card_network", 0.65, 11.0, 0.4)
PROMOTION: Final = Scheme("promotion_farm", "promotion_abuse", "promotion_audit", 0.7, 6.0, 0.5)
BRUSHING: Final = Scheme("brushing", "brushing", "marketplace_audit", 0.6, 12.0, 0.4)
FAKE_REVIEW: Final = Scheme("fake_review", "fake_review", "moderation", 0.65, 7.0, 0.6)
REFUND: Final = Scheme("refund_abuse", "refund_abuse", "warehouse", 0.7, 9.0, 0.5)
DEFAULT: Final = Scheme("default", "default", "collections", 0.95, 26.0, 0.12)

SCHEMES: Final = (TAKEOVER, CARD_TESTING, PROMOTION, BRUSHING, FAKE_REVIEW, REFUND, DEFAULT)


def accuse(world: World, rng: Dice, scheme: Scheme, order: Order) -> None:
    """Label a fraudulent order, unless nobody ever finds out."""
    accuse_event(
        world, rng, scheme, order.visit.user_id, order.event_id, order.time_ms, order.amount
    )


def accuse_event(
    world: World, rng: Dice, scheme: Scheme, user_id: str, event_id: str | None, time_ms: int,
    amount: float | None = None,
) -> None:  # fmt: skip
    """Label a fraudulent event, unless nobody ever finds out or it was never seen (None)."""
    if event_id is not None and rng.chance(scheme.labelled):
        world.ledger.label(rng, scheme, user_id, time_ms, event_id=event_id, amount=amount)
