"""An honest life in the market: stays, orders, returns, reviews."""

from dataclasses import replace

from topics.simulator.browsing import beside, browse, choose, enter, touch
from topics.simulator.buying import basket, terms_of
from topics.simulator.config import DAY_MS, HOUR_MS
from topics.simulator.dice import Dice
from topics.simulator.fate import Fate, fulfil, send_back
from topics.simulator.ledger import Visit
from topics.simulator.market import Product
from topics.simulator.order import Order, place
from topics.simulator.person import Person
from topics.simulator.repute import clear, repaid
from topics.simulator.reviewing import remember, review_of
from topics.simulator.rhythm import moments
from topics.simulator.world import World, visit_of


def live(world: World, rng: Dice, person: Person) -> None:
    """Write the whole life of a person within the simulated time."""
    joined = person.joined_ms
    if joined is not None and person.active_from_ms <= joined < person.active_until_ms:
        stay(world, rng, person, joined, signup=True)
    rate = person.habits.sessions_per_day * world.config.activity
    for time_ms in moments(rng, person, world.market.calendar, rate):
        stay(world, rng, person, time_ms)
    if person.burst_ms is not None and rng.chance(min(1.0, world.config.activity)):
        hours, n = (50, rng.whole(3, 8)) if person.trait == "gift_burst" else (30, rng.whole(3, 9))
        for _ in range(n):
            time_ms = person.burst_ms + int(rng.random() * hours * HOUR_MS)
            if (joined or 0) <= time_ms < person.active_until_ms:
                stay(world, rng, person, time_ms, gift=person.trait == "gift_burst", eager=True)


def stay(
    world: World, rng: Dice, person: Person, time_ms: int, *,
    signup: bool = False, gift: bool = False, eager: bool = False,
) -> None:  # fmt: skip
    """Write one stay in the shop, and what follows from it."""
    visit = visit_of(world, rng, person, time_ms)
    if signup or rng.chance(0.14):
        enter(world, rng, visit, time_ms, signup=signup)
        time_ms += 4_000
    straight = rng.chance(0.3 if eager else 0.16)  # comes for one thing, and buys it again
    pages = rng.whole(0, 1) if straight else 1 + rng.count(rng.around(person.habits.pages, 0.5))
    time_ms, seen = browse(world, rng, visit, person, time_ms, pages)
    if rng.chance(0.075 * person.habits.reviews):
        time_ms = remember(world, rng, person, visit, time_ms)
    if eager or rng.chance(0.75 if straight else person.habits.conversion):
        time_ms = buy(world, rng, person, visit, seen, time_ms, gift=gift)
        if rng.chance(0.16):
            time_ms = buy(world, rng, person, visit, seen, time_ms + 30_000, gift=gift)


def buy(
    world: World, rng: Dice, person: Person, visit: Visit, seen: list[Product], time_ms: int, *,
    gift: bool = False,
) -> int:  # fmt: skip
    """Write an order and what becomes of it; return when it was placed."""
    taste = rng.weigh(person.tastes, person.taste_weights)
    if person.trait == "top_up" and eager_top_up(person, time_ms):
        taste, seen = person.tastes[-1], []
    first = choose(world, rng, taste, person.habits.budget, time_ms, seen)
    others = [beside(world, rng, first.seller) for _ in range(2)]
    if not rng.chance(0.25):
        touch(world, rng, visit, person.currency, first, "add_to_cart", time_ms)
        time_ms += int(rng.around(40_000, 0.9)) + 2_000
    terms = terms_of(world, rng, person, time_ms, gift=gift)
    if rng.chance(0.03):  # without logging in
        visit = replace(visit, user_id="guest:", created_ms=None)
    order = place(world, rng, visit, basket(rng, first, others, 0.16), terms, time_ms)
    settle(world, rng, person, order)
    return time_ms


def eager_top_up(person: Person, time_ms: int) -> bool:
    """Return whether the person is in the days of buying credits again and again."""
    return person.burst_ms is not None and 0 <= time_ms - person.burst_ms < 2 * DAY_MS


def settle(world: World, rng: Dice, person: Person, order: Order) -> None:
    """Write what becomes of an honest order, and what is later said about it."""
    fate = Fate(cancelled=rng.chance(person.habits.cancels), refused=rng.chance(0.02))
    delivered_ms = fulfil(world, rng, order, fate)
    clear(world, rng, person, order)
    if order.terms.method == "pay_later":
        repaid(world, rng, order)
    if delivered_ms is None:
        return
    returns = person.habits.returns * order.lines[0][0].category.returns
    if rng.chance(min(0.7, returns)):
        back_ms = delivered_ms + 2 * DAY_MS
        send_back(world, rng, order, visit_of(world, rng, person, back_ms), delivered_ms, 3.0)
    if rng.chance(person.habits.reviews):
        review_of(world, rng, person, order, delivered_ms)
