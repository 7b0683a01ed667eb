"""Reviews that follow deliveries."""

from typing import Final

from topics.simulator.config import DAY_MS, HOUR_MS
from topics.simulator.dice import Dice, running
from topics.simulator.grammar import PLAIN, Voice, compose, title
from topics.simulator.ledger import Visit
from topics.simulator.market import Product
from topics.simulator.order import Order, write
from topics.simulator.person import Person
from topics.simulator.rhythm import hour_of
from topics.simulator.world import World, visit_of

ENTHUSIASTIC: Final = Voice(2.4, 0.1, 0.5, 0.08, 0.7, 0.5, 0.4, 0.7, 0.35, 0.1, 0.05)
_MISHAPS: Final = running([0.55, 0.2, 0.1, 0.05, 0.1])
_EVENINGS: Final = 5
"""Enthusiasts sit down every so many days and review all that has come since."""


def review(
    world: World, rng: Dice, visit: Visit, product: Product, rating: int, text: str,
    time_ms: int, *, order_id: str | None, heading: str | None = None, helpful: int | None = None,
    case: bool = False,
) -> str | None:  # fmt: skip
    """Write a review; return its event id, or None outside the simulated time.

    ``case`` says that the review itself is the fraud, not only something that goes with it.
    """
    record = {
        "type": "review",
        "review_id": rng.name("r"),
        "rating": rating,
        "text": text,
        "sku": product.sku,
        "seller_id": product.seller.seller_id,
        "verified_purchase": order_id is not None,
        **visit.common,
    }
    if order_id is not None:
        record["order_id"] = order_id
    if visit.created_ms is not None and rng.chance(0.5):
        record["account_created_at"] = visit.created_ms
    if heading is not None:
        record["title"] = heading
    if helpful is not None:
        record["helpful_votes"] = helpful
    return write(world, rng, visit, record, time_ms, visit.scheme, case=case)


def review_of(world: World, rng: Dice, person: Person, order: Order, delivered_ms: int) -> None:
    """Write an honest review of an order, some days after it came."""
    keen = person.trait == "enthusiast"
    day_ms = delivered_ms + int(rng.around(2.6, 0.8) * DAY_MS)
    if keen:
        day_ms += (_EVENINGS - day_ms // DAY_MS % _EVENINGS) * DAY_MS
    time_ms = day_ms - day_ms % DAY_MS + hour_of(rng, person.habits.hours)
    if time_ms <= delivered_ms:
        time_ms = delivered_ms + HOUR_MS
    if keen:
        time_ms = day_ms - day_ms % DAY_MS + 20 * HOUR_MS + int(rng.random() * HOUR_MS)
    visit = visit_of(world, rng, person, time_ms)
    for product, _ in order.lines[: 1 + rng.chance(0.25)]:
        rating = rate(rng, product, person.habits.mood)
        voice = ENTHUSIASTIC if keen and rng.chance(0.7) else voice_of(rng, person)
        review(
            world, rng, visit, product, rating,
            compose(rng, person.language, product, rating, voice), time_ms,
            order_id=order.order_id if rng.chance(0.9) else None,
            heading=title(rng, person.language, rating) if rng.chance(0.25) else None,
            helpful=rng.count(rng.around(0.3, 1.2)) if rng.chance(0.3) else None,
        )  # fmt: skip
        time_ms += int(rng.around(90_000, 0.8)) + 5_000


def remember(world: World, rng: Dice, person: Person, visit: Visit, time_ms: int) -> int:
    """Write a review of something that was bought long ago or elsewhere; return when it is done."""
    taste = rng.weigh(person.tastes, person.taste_weights)
    product = world.market.shelves[taste.name].take(rng, time_ms)
    rating = rate(rng, product, person.habits.mood)
    review(
        world, rng, visit, product, rating,
        compose(rng, person.language, product, rating, voice_of(rng, person)), time_ms,
        order_id=rng.name("o") if rng.chance(0.55) else None,
        heading=title(rng, person.language, rating) if rng.chance(0.25) else None,
    )  # fmt: skip
    return time_ms + int(rng.around(60_000, 0.8)) + 5_000


def rate(rng: Dice, product: Product, mood: float) -> int:
    """Return the stars that an honest buyer in that mood gives the product."""
    if rng.chance(0.09):  # something went wrong, or did not matter
        return rng.weigh((1, 2, 3, 4, 5), _MISHAPS)
    pleased = 2.9 + 2.9 * product.quality + 0.45 * mood + 0.95 * rng.normal()
    return max(1, min(5, round(pleased)))


def voice_of(rng: Dice, person: Person) -> Voice:
    """Return how the person writes today."""
    talk = person.habits.talkative
    return Voice(
        sentences=PLAIN.sentences * talk,
        short=min(0.7, PLAIN.short / talk),
        praise=0.35 if person.habits.mood > 0.7 else PLAIN.praise,
        emoji=0.3 if rng.chance(0.2) else 0.08,
    )
