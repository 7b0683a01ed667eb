"""Labels of fraud: most cases come out, some never do."""

from topics.simulator.dice import Dice
from topics.simulator.ledger import Scheme
from topics.simulator.order import Order
from topics.simulator.world import World


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
