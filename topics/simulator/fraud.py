"""How much fraud there is, of which kinds, and who is to commit it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from topics.simulator import (
    brushing,
    card_testing,
    default,
    fake_reviews,
    promotion_farm,
    refund_abuse,
    takeover,
)
from topics.simulator.config import ORDER_AND_REVIEW_SHARE
from topics.simulator.dice import Dice
from topics.simulator.person import Person
from topics.simulator.world import World


@dataclass(frozen=True)
class Kind:
    """One kind of fraud.

    ``weight`` is its share of the fraudulent order and review events, ``events_per_case`` how many
    of these a case has on average (measured, in the simulated time), ``typical_cases`` how many
    cases a campaign has.
    """

    commit: Callable[[World, Dice, list[Person], int], None]
    weight: float
    events_per_case: float
    typical_cases: int


KINDS: Final = (
    Kind(takeover.take_over, 0.16, takeover.EVENTS_PER_CASE, takeover.TYPICAL_CASES),
    Kind(card_testing.test_cards, 0.14, card_testing.EVENTS_PER_CASE, card_testing.TYPICAL_CASES),
    Kind(promotion_farm.farm, 0.16, promotion_farm.EVENTS_PER_CASE, promotion_farm.TYPICAL_CASES),
    Kind(brushing.brush, 0.17, brushing.EVENTS_PER_CASE, brushing.TYPICAL_CASES),
    Kind(fake_reviews.flood, 0.11, fake_reviews.EVENTS_PER_CASE, fake_reviews.TYPICAL_CASES),
    Kind(refund_abuse.claim_back, 0.08, refund_abuse.EVENTS_PER_CASE, refund_abuse.TYPICAL_CASES),
    Kind(default.stop_paying, 0.18, default.EVENTS_PER_CASE, default.TYPICAL_CASES),
)


def commit(world: World, rng: Dice, people: list[Person], *, first: bool) -> None:
    """Write the fraud of one cohort; the ``first`` cohort has at least a case of every kind."""
    config = world.config
    if not config.fraud_share:
        return
    honest = config.usual_events * config.activity * ORDER_AND_REVIEW_SHARE
    honest *= len(people) / config.users
    wanted = honest * config.fraud_share / (1.0 - config.fraud_share)
    for kind in KINDS:
        cases = kind.weight * wanted / kind.events_per_case
        n_campaigns = max(1, rng.share(cases / kind.typical_cases))
        for _ in range(n_campaigns):
            n = rng.share(cases / n_campaigns)
            kind.commit(world, rng, people, max(n, 1) if first else n)
