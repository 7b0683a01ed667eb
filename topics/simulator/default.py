"""Buyers who stop paying: some never meant to, some cannot any more.

Disguise: those who cannot are ordinary people who buy as always, on credit. Those who will not
pay for small orders first, so that the credit looks earned.
"""

from dataclasses import replace
from typing import Final

from topics.simulator.browsing import browse, choose, touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.categories import CATEGORIES
from topics.simulator.config import DAY_MS
from topics.simulator.crew import Crew, after_opening, enter_as, gather, recruit
from topics.simulator.dice import Dice, running
from topics.simulator.fate import Fate, fulfil
from topics.simulator.order import place
from topics.simulator.person import Person
from topics.simulator.rhythm import hour_of
from topics.simulator.schemes import DEFAULT, accuse
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 2.75
TYPICAL_CASES: Final = 14
_RESALE: Final = running([c.resale for c in CATEGORIES])


def stop_paying(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Leave ``n`` orders unpaid."""
    while n > 0:
        crew = gather(world, rng, DEFAULT, days=(4, 24), devices=(1, 1), addresses=(1, 1))
        willing = rng.chance(0.55)  # cannot rather than will not pay
        (person,) = recruit(world, rng, people, crew, 1, 0.1 if willing else 0.4)
        person.habits = replace(person.habits, pay_later=max(0.5, person.habits.pay_later))
        unpaid = [
            time_ms
            for _ in range(min(n, 1 + rng.count(1.6)))
            if (time_ms := _order(world, rng, person, crew, willing=willing)) is not None
        ]
        n -= max(1, len(unpaid))
        if len(unpaid) > 1 and rng.chance(0.8):
            late_ms = max(unpaid)
            world.ledger.label(rng, DEFAULT, person.user_id, late_ms)


def _order(world: World, rng: Dice, person: Person, crew: Crew, *, willing: bool) -> int | None:
    """Write an order that is never paid for; return when it was placed if within the simulation."""
    day = crew.moment(rng)
    time_ms = day - day % DAY_MS + hour_of(rng, person.habits.hours)
    time_ms = after_opening(person, time_ms) if time_ms < person.created_ms else time_ms
    visit = enter_as(
        world, rng, person, crew, time_ms,
        crew_device=0.0 if willing else 0.25, fresh_device=0.0 if willing else 0.1,
        crew_prefix=0.05 if willing else 0.4,
    )  # fmt: skip
    time_ms, seen = browse(world, rng, visit, person, time_ms, rng.count(3.2))
    wanted = rng.weigh(person.tastes, person.taste_weights)
    if rng.chance(0.15 if willing else 0.55):
        wanted, seen = rng.weigh(CATEGORIES, _RESALE), []
    budget = person.habits.budget * (1.4 if willing else 2.1)
    product = choose(world, rng, wanted, budget, time_ms, seen)
    if rng.chance(0.75):
        touch(world, rng, visit, person.currency, product, "add_to_cart", time_ms)
        time_ms += int(rng.around(40_000, 0.9)) + 2_000
    terms = terms_of(world, rng, person, time_ms)
    method, instrument = terms.method, terms.instrument
    if rng.chance(0.55):
        method, instrument = "pay_later", f"p{person.user_id[1:]}"
    if not willing and rng.chance(0.25):
        terms = replace(terms, ship_to=crew.addresses[0])
    terms = replace(terms, method=method, instrument=instrument)
    order = place(world, rng, visit, basket(rng, product, [], 0.0), terms, time_ms)
    fulfil(world, rng, order, Fate(pays=False))
    accuse(world, rng, DEFAULT, order)
    return order.time_ms if order.event_id else None
