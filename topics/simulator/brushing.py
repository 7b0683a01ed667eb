"""Brushing: sellers buy from themselves through hired accounts, and let them praise the goods.

Disguise: real people's accounts with honest orders beside, browsing as buyers do, prices and times
as usual, texts from a small stock that is varied.
"""

from dataclasses import replace
from typing import Final

from topics.simulator.browsing import browse, search, touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.config import DAY_MS, HOUR_MS
from topics.simulator.crew import Crew, after_opening, enter_as, gather, recruit
from topics.simulator.dice import Dice
from topics.simulator.fate import Fate, fulfil
from topics.simulator.market import Product
from topics.simulator.order import Order, place
from topics.simulator.person import Person
from topics.simulator.praise import Copywriter
from topics.simulator.reviewing import review
from topics.simulator.rhythm import hour_of
from topics.simulator.schemes import BRUSHING, accuse, accuse_event
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 4.6
TYPICAL_CASES: Final = 12


def brush(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Place ``n`` orders that nobody wants, for one or two sellers, and praise them."""
    crew = gather(world, rng, BRUSHING, days=(6, 20), devices=(2, 5), addresses=(2, 5))
    sellers = [world.market.shady_seller(rng) for _ in range(rng.whole(2, 4))]
    writer = Copywriter(rng)
    hired = recruit(world, rng, people, crew, max(1, round(n / rng.between(1.2, 2.4))), 0.25)
    for _ in range(n):
        person = rng.pick(hired)
        day = crew.moment(rng)
        time_ms = day - day % DAY_MS + hour_of(rng, person.habits.hours)
        time_ms = after_opening(person, time_ms) if time_ms < person.created_ms else time_ms
        decoy = rng.chance(0.25)
        seller = world.market.any_seller(rng) if decoy else rng.pick(sellers)
        product = rng.pick(world.market.of_seller[seller.seller_id])
        order = _order(world, rng, person, crew, product, time_ms)
        delivered = fulfil(world, rng, order, Fate(cancelled=rng.chance(0.03), hurry=0.75))
        accuse(world, rng, BRUSHING, order)
        if delivered is not None and rng.chance(0.75):
            _praise(world, rng, person, crew, order, writer, delivered)


def _order(
    world: World, rng: Dice, person: Person, crew: Crew, product: Product, time_ms: int
) -> Order:
    visit = enter_as(
        world, rng, person, crew, time_ms, crew_device=0.3, fresh_device=0.05, crew_prefix=0.4
    )
    time_ms, _ = browse(world, rng, visit, person, time_ms, rng.count(2.4))
    if rng.chance(0.5):
        search(world, rng, visit, person.language, product, time_ms)
        time_ms += int(rng.around(15_000, 0.7))
    touch(world, rng, visit, person.currency, product, "view", time_ms)
    time_ms += int(rng.around(30_000, 0.8)) + 1_000
    if rng.chance(0.7):
        touch(world, rng, visit, person.currency, product, "add_to_cart", time_ms)
        time_ms += int(rng.around(30_000, 0.8)) + 1_000
    terms = terms_of(world, rng, person, time_ms)
    if rng.chance(0.22):
        terms = replace(terms, ship_to=rng.pick(crew.addresses))
    return place(world, rng, visit, basket(rng, product, [], 0.0), terms, time_ms)


def _praise(
    world: World, rng: Dice, person: Person, crew: Crew, order: Order, writer: Copywriter,
    delivered_ms: int,
) -> None:  # fmt: skip
    time_ms = delivered_ms + int(rng.around(1.6, 0.8) * DAY_MS) + HOUR_MS
    visit = enter_as(
        world, rng, person, crew, time_ms, crew_device=0.3, fresh_device=0.05, crew_prefix=0.4
    )
    product, _ = order.lines[0]
    rating = 5 if rng.chance(0.85) else 4
    text = writer.write(rng, person.language, product, rating)
    event_id = review(
        world, rng, visit, product, rating, text, time_ms, order_id=order.order_id,
        heading=writer.title(rng, person.language, rating),
        helpful=rng.count(0.8) if rng.chance(0.35) else None, case=True,
    )  # fmt: skip
    accuse_event(world, rng, BRUSHING, person.user_id, event_id, time_ms)
