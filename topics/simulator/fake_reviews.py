"""Fake reviews: accounts for hire lift a product, or bury a rival's.

Disguise: accounts with a life of their own, purchases that make some reviews verified, middling
ratings thrown in, texts in the manner of buyers.
"""

from typing import Final

from topics.simulator.browsing import touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.config import DAY_MS, HOUR_MS
from topics.simulator.crew import Crew, after_opening, enter_as, gather, recruit
from topics.simulator.dice import Dice
from topics.simulator.fate import Fate, fulfil
from topics.simulator.market import Product, Seller
from topics.simulator.order import place
from topics.simulator.person import Person
from topics.simulator.praise import Copywriter
from topics.simulator.reviewing import review
from topics.simulator.rhythm import hour_of
from topics.simulator.schemes import FAKE_REVIEW, accuse_event
from topics.simulator.world import World

EVENTS_PER_CASE: Final = 2.7
TYPICAL_CASES: Final = 12


def flood(world: World, rng: Dice, people: list[Person], n: int) -> None:
    """Write ``n`` reviews for or against the products of a few sellers."""
    crew = gather(world, rng, FAKE_REVIEW, days=(2, 12), devices=(2, 4), addresses=(1, 2))
    against = rng.chance(0.25)
    market = world.market
    sellers = [
        market.any_seller(rng) if against or rng.chance(0.4) else market.shady_seller(rng)
        for _ in range(rng.whole(2, 5))
    ]
    writer = Copywriter(rng)
    hired = recruit(world, rng, people, crew, max(1, round(n / rng.between(1.1, 3.0))), 0.25)
    for _ in range(n):
        person = rng.pick(hired)
        decoy = rng.chance(0.25)
        seller = market.any_seller(rng) if decoy else rng.pick(sellers)
        _one(world, rng, person, crew, seller, writer, against=against and not decoy)


def _one(
    world: World, rng: Dice, person: Person, crew: Crew, seller: Seller, writer: Copywriter, *,
    against: bool,
) -> None:  # fmt: skip
    day = crew.moment(rng)
    time_ms = day - day % DAY_MS + hour_of(rng, person.habits.hours)
    time_ms = after_opening(person, time_ms) if time_ms < person.created_ms else time_ms
    product = rng.pick(world.market.of_seller[seller.seller_id])
    visit = enter_as(
        world, rng, person, crew, time_ms, crew_device=0.26, fresh_device=0.06, crew_prefix=0.35
    )
    order_id = None
    if rng.chance(0.5):
        time_ms, order_id = _buy(world, rng, person, crew, product, time_ms)
    for _ in range(rng.count(0.8)):
        touch(world, rng, visit, person.currency, product, "view", time_ms)
        time_ms += int(rng.around(20_000, 0.8)) + 1_000
    rating = _rating(rng, against)
    text = writer.write(rng, person.language, product, rating)
    event_id = review(
        world, rng, visit, product, rating, text, time_ms, order_id=order_id,
        heading=writer.title(rng, person.language, rating),
        helpful=rng.count(1.0) if rng.chance(0.35) else None, case=True,
    )  # fmt: skip
    accuse_event(world, rng, FAKE_REVIEW, person.user_id, event_id, time_ms)


def _buy(
    world: World, rng: Dice, person: Person, crew: Crew, product: Product, time_ms: int
) -> tuple[int, str]:
    """Buy the product so that the review counts as verified; return when to write it."""
    visit = enter_as(
        world, rng, person, crew, time_ms, crew_device=0.26, fresh_device=0.06, crew_prefix=0.35
    )
    terms = terms_of(world, rng, person, time_ms)
    order = place(world, rng, visit, basket(rng, product, [], 0.0), terms, time_ms, case=False)
    delivered = fulfil(world, rng, order, Fate(hurry=0.7)) or time_ms
    return delivered + int(rng.around(1.2, 0.7) * DAY_MS) + HOUR_MS, order.order_id


def _rating(rng: Dice, against: bool) -> int:
    if against:
        return 1 if rng.chance(0.75) else 2
    return 5 if rng.chance(0.85) else 4
