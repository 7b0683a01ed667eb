"""Card testing: stolen card numbers are tried with small orders, to see which are still good.

Disguise: accounts that are taken turns with, guests, spoofed devices, slow rhythms, and orders of
ordinary size among the small ones.
"""

from dataclasses import replace
from typing import Final

from topics.simulator.browsing import browse, choose, touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.categories import CATEGORIES
from topics.simulator.config import MINUTE_MS
from topics.simulator.crew import Crew, after_opening, enter_as, gather, recruit
from topics.simulator.dice import Dice
from topics.simulator.fate import Fate, fulfil
from topics.simulator.ledger import Visit
from topics.simulator.market import Product
from topics.simulator.order import place
from topics.simulator.person import Person
from topics.simulator.schemes import CARD_TESTING, accuse
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 2.9
TYPICAL_CASES: Final = 26
_SMALL: Final = tuple(c for c in CATEGORIES if c.name in {"digital", "grocery", "books", "beauty"})


def test_cards(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Try about ``n`` cards."""
    crew = gather(world, rng, CARD_TESTING, days=(0.4, 6), devices=(2, 5), addresses=(2, 6))
    patience = rng.around(25.0, 1.3)  # minutes between tries of one account
    while n > 0:
        tries = min(n, 1 + rng.count(2.0))
        (person,) = recruit(world, rng, people, crew, 1, 0.25)
        time_ms = after_opening(person, crew.moment(rng))
        as_guest = rng.chance(0.15)
        visit = _visit(world, rng, person, crew, time_ms, as_guest)
        card = rng.name("i")
        for _ in range(tries):
            if not rng.chance(0.3):
                card = rng.name("i")
            if rng.chance(0.3):
                visit = _visit(world, rng, person, crew, time_ms, as_guest)
            time_ms = _try(world, rng, visit, person, crew, card, time_ms)
            time_ms += int(rng.around(patience, 1.0) * MINUTE_MS) + 20_000
        n -= tries


def _visit(
    world: World, rng: Dice, person: Person, crew: Crew, time_ms: int, as_guest: bool
) -> Visit:
    visit = enter_as(
        world, rng, person, crew, time_ms, crew_device=0.36, fresh_device=0.12, crew_prefix=0.5
    )
    return replace(visit, user_id="guest:", created_ms=None) if as_guest else visit


def _try(
    world: World, rng: Dice, visit: Visit, person: Person, crew: Crew, card: str, time_ms: int
) -> int:
    has_account = visit.user_id != "guest:"
    if has_account:
        time_ms, _ = browse(world, rng, visit, person, time_ms, rng.count(1.8))
    product = _cheap(world, rng, person, time_ms)
    if has_account and rng.chance(0.55):
        touch(world, rng, visit, person.currency, product, "add_to_cart", time_ms)
        time_ms += int(rng.around(15_000, 0.8)) + 1_000
    terms = replace(
        terms_of(world, rng, person, time_ms),
        method="card",
        instrument=card if rng.chance(0.9) else person.instruments[0][1],
    )
    if rng.chance(0.3):
        terms = replace(terms, ship_to=rng.pick(crew.addresses))
    order = place(world, rng, visit, basket(rng, product, [], 0.0), terms, time_ms)
    fulfil(world, rng, order, Fate(refused=rng.chance(0.4), cancelled=rng.chance(0.05)))
    accuse(world, rng, CARD_TESTING, order)
    return time_ms


def _cheap(world: World, rng: Dice, person: Person, time_ms: int) -> Product:
    if rng.chance(0.4):
        taste = rng.weigh(person.tastes, person.taste_weights)
        return choose(world, rng, taste, person.habits.budget, time_ms)
    return choose(world, rng, rng.pick(_SMALL), 0.25, time_ms)
