"""Account takeover: somebody else orders with a customer's account.

Disguise: stolen sessions on the customer's own device, exits near the customer, modest amounts,
delivery to the customer's own address (to be fetched at the door), goods that cannot be traced.
"""

from typing import Final

from topics.simulator.browsing import beside, browse, choose, enter, touch
from topics.simulator.buying import basket, note_of, terms_of
from topics.simulator.categories import CATEGORIES
from topics.simulator.config import HOUR_MS
from topics.simulator.crew import Crew, enter_as, gather
from topics.simulator.dice import Dice, running
from topics.simulator.fate import Fate, fulfil
from topics.simulator.order import Terms, place
from topics.simulator.person import Person
from topics.simulator.schemes import TAKEOVER, accuse
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 6.3
TYPICAL_CASES: Final = 7
_RESALE: Final = running([c.resale for c in CATEGORIES])


def take_over(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Take over ``n`` accounts, one after the other, within days."""
    crew = gather(world, rng, TAKEOVER, days=(1.5, 9), devices=(2, 4), addresses=(2, 4))
    for _ in range(n):
        time_ms = crew.moment(rng)
        victim = rng.pick(people)
        if victim.created_ms > time_ms or victim.taken:
            victim = rng.pick(people)
        if victim.created_ms < time_ms:
            victim.taken = True
            _plunder(world, rng, crew, victim, time_ms)


def _plunder(world: World, rng: Dice, crew: Crew, victim: Person, time_ms: int) -> None:
    visit = enter_as(
        world, rng, victim, crew, time_ms, crew_device=0.5, fresh_device=0.15, crew_prefix=0.6
    )
    if rng.chance(0.5):
        enter(world, rng, visit, time_ms)
        time_ms += 5_000
    drop = rng.pick(crew.addresses) if rng.chance(0.4) else rng.name("a")
    for _ in range(1 + rng.count(0.7)):
        time_ms, seen = browse(world, rng, visit, victim, time_ms, rng.count(2.6))
        wanted = rng.weigh(CATEGORIES, _RESALE)
        if rng.chance(0.45):
            wanted = rng.weigh(victim.tastes, victim.taste_weights)
        else:
            seen = []
        first = choose(world, rng, wanted, victim.habits.budget * 2.2, time_ms, seen)
        if rng.chance(0.7):
            touch(world, rng, visit, victim.currency, first, "add_to_cart", time_ms)
            time_ms += int(rng.around(25_000, 0.9)) + 1_500
        others = [beside(world, rng, first.seller)]
        terms = _terms(world, rng, victim, drop, time_ms)
        order = place(world, rng, visit, basket(rng, first, others, 0.15), terms, time_ms)
        fulfil(world, rng, order, Fate(cancelled=rng.chance(0.15), refused=rng.chance(0.06)))
        accuse(world, rng, TAKEOVER, order)
        time_ms += int(rng.around(0.8, 1.5) * HOUR_MS) + 60_000


def _terms(world: World, rng: Dice, victim: Person, drop: str, time_ms: int) -> Terms:
    usual = terms_of(world, rng, victim, time_ms)
    method, instrument = usual.method, usual.instrument
    if rng.chance(0.17):
        method, instrument = "card", rng.name("i")
    return Terms(
        usual.currency, usual.language, method, instrument,
        drop if rng.chance(0.58) else usual.ship_to,
        usual.bill_to, usual.discount * rng.chance(0.8), usual.gift,
        note_of(rng, victim.language) if rng.chance(0.16) else None,
    )  # fmt: skip
