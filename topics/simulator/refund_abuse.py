"""Refund abuse: the goods are kept, and the money is claimed back.

Disguise: accounts with honest orders, claims days after delivery as honest returners make them,
kept orders in between, ordinary goods among the dear ones.
"""

from dataclasses import replace
from typing import Final

from topics.simulator.browsing import browse, choose, touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.categories import CATEGORIES
from topics.simulator.config import DAY_MS, HOUR_MS
from topics.simulator.crew import Crew, after_opening, enter_as, gather, recruit
from topics.simulator.dice import Dice, running
from topics.simulator.fate import KEPT, fulfil
from topics.simulator.order import advance, place
from topics.simulator.person import Person
from topics.simulator.rhythm import hour_of
from topics.simulator.schemes import REFUND, accuse_event
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 1.75
TYPICAL_CASES: Final = 12
_RESALE: Final = running([c.resale for c in CATEGORIES])


def claim_back(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Claim ``n`` refunds with a handful of accounts."""
    crew = gather(world, rng, REFUND, days=(10, 35), devices=(1, 2), addresses=(1, 3))
    accounts = recruit(world, rng, people, crew, max(1, round(n / rng.between(2.0, 4.5))), 0.2)
    for _ in range(n):
        person = rng.pick(accounts)
        day = crew.moment(rng)
        time_ms = day - day % DAY_MS + hour_of(rng, person.habits.hours)
        time_ms = after_opening(person, time_ms) if time_ms < person.created_ms else time_ms
        _one(world, rng, person, crew, time_ms)


def _one(world: World, rng: Dice, person: Person, crew: Crew, time_ms: int) -> None:
    visit = replace(
        enter_as(
            world, rng, person, crew, time_ms, crew_device=0.25, fresh_device=0.05, crew_prefix=0.3
        ),
        scheme=None,  # the order is an order like others; the claim is the fraud
    )
    time_ms, seen = browse(world, rng, visit, person, time_ms, rng.count(3.4))
    wanted = rng.weigh(CATEGORIES, _RESALE)
    if rng.chance(0.45):
        wanted = rng.weigh(person.tastes, person.taste_weights)
    else:
        seen = []
    product = choose(world, rng, wanted, person.habits.budget * 2.0, time_ms, seen)
    touch(world, rng, visit, person.currency, product, "add_to_cart", time_ms)
    time_ms += int(rng.around(40_000, 0.9)) + 2_000
    terms = terms_of(world, rng, person, time_ms)
    if rng.chance(0.2):
        terms = replace(terms, ship_to=rng.pick(crew.addresses))
    order = place(world, rng, visit, basket(rng, product, [], 0.0), terms, time_ms)
    delivered = fulfil(world, rng, order, KEPT)
    if delivered is None:
        return
    claim_ms = delivered + int(rng.around(1.8, 0.7) * DAY_MS) + HOUR_MS
    by = enter_as(
        world, rng, person, crew, claim_ms, crew_device=0.25, fresh_device=0.05, crew_prefix=0.3
    )
    event_id = advance(world, rng, order, "returned", claim_ms, by=by, scheme=REFUND, case=True)
    accuse_event(world, rng, REFUND, person.user_id, event_id, claim_ms, order.amount)
    refund_ms = claim_ms + int(rng.around(2.2, 0.6) * DAY_MS)
    advance(world, rng, order, "refunded", refund_ms, scheme=REFUND)
