"""Device farms: many accounts in few hands collect what a promotion gives to each.

Disguise: a device identity for each account on many farms, real people's accounts for hire, some
browsing before the order, addresses of their own, sale days on which everybody uses a coupon.
"""

from dataclasses import replace
from typing import Final

from topics.simulator.browsing import browse, choose, enter, touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.config import DAY_MS
from topics.simulator.crew import Crew, after_opening, enter_as, gather, recruit
from topics.simulator.dice import Dice
from topics.simulator.fate import Fate, fulfil
from topics.simulator.order import place
from topics.simulator.person import Person
from topics.simulator.schemes import PROMOTION, accuse
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 4.0
TYPICAL_CASES: Final = 20


def farm(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Collect promotions with ``n`` orders."""
    crew = gather(world, rng, PROMOTION, days=(2, 10), devices=(3, 7), addresses=(2, 5))
    cloned = rng.between(0.1, 0.9)  # how much this farm makes up device identities
    wallet = rng.name("w")
    while n > 0:
        (person,) = recruit(world, rng, people, crew, 1, 0.5)
        time_ms = after_opening(person, crew.moment(rng))
        for _ in range(min(n, 1 + rng.count(0.6))):
            _collect(world, rng, person, crew, cloned, wallet, time_ms)
            time_ms += int(rng.between(0.02, 2.5) * DAY_MS)
            n -= 1


def _collect(
    world: World, rng: Dice, person: Person, crew: Crew, cloned: float, wallet: str, time_ms: int
) -> None:
    hired = 0.3  # people who do it at home, for a share
    visit = enter_as(
        world, rng, person, crew, time_ms,
        crew_device=(1 - hired) * (1 - cloned), fresh_device=0.3 * cloned, crew_prefix=0.5,
    )  # fmt: skip
    if rng.chance(0.3):
        enter(world, rng, visit, time_ms)
        time_ms += 4_000
    time_ms, seen = browse(world, rng, visit, person, time_ms, rng.count(2.8))
    taste = rng.weigh(person.tastes, person.taste_weights)
    product = choose(world, rng, taste, person.habits.budget * 0.7, time_ms, seen)
    if rng.chance(0.7):
        touch(world, rng, visit, person.currency, product, "add_to_cart", time_ms)
        time_ms += int(rng.around(20_000, 0.9)) + 1_500
    terms = terms_of(world, rng, person, time_ms)
    if rng.chance(0.65):
        terms = replace(terms, discount=rng.pick((0.1, 0.15, 0.2, 0.2, 0.3)))
    if rng.chance(0.3):
        terms = replace(terms, ship_to=rng.pick(crew.addresses))
    if rng.chance(0.2):
        terms = replace(terms, method="wallet", instrument=wallet)
    order = place(world, rng, visit, basket(rng, product, [], 0.0), terms, time_ms)
    fulfil(world, rng, order, Fate(cancelled=rng.chance(0.05), refused=rng.chance(0.02)))
    accuse(world, rng, PROMOTION, order)
