"""A stay in the shop: searching, looking, putting things in the cart."""

from typing import Any, Final

from topics.simulator.categories import Category
from topics.simulator.dice import Dice, running
from topics.simulator.ledger import Visit
from topics.simulator.market import Product, Seller
from topics.simulator.person import Person
from topics.simulator.world import World

_ACTIONS: Final = ("view", "click", "search", "favorite", "add_to_cart", "remove_from_cart")
_WEIGHTS: Final = running([0.53, 0.17, 0.16, 0.05, 0.07, 0.02])
_SIGNUPS: Final = ("organic", "advert", "referral", "search", "campaign")
_LOGINS: Final = ("password", "sms", "wechat", "fingerprint")


def browse(
    world: World, rng: Dice, visit: Visit, person: Person, time_ms: int, pages: int
) -> tuple[int, list[Product]]:
    """Write ``pages`` steps of browsing by the person's taste; return its end and what was seen."""
    seen: list[Product] = []
    taste = rng.weigh(person.tastes, person.taste_weights)
    product = world.market.shelves[taste.name].take(rng, time_ms)
    for page in range(pages):
        if page and rng.chance(0.12):
            taste = rng.weigh(person.tastes, person.taste_weights)
        if not rng.chance(0.35):
            product = world.market.shelves[taste.name].take(rng, time_ms)
        action = rng.weigh(_ACTIONS, _WEIGHTS)
        if action == "search":
            search(world, rng, visit, person.language, product, time_ms)
        else:
            touch(world, rng, visit, person.currency, product, action, time_ms)
            seen.append(product)
        time_ms += int(rng.around(22_000, 0.9)) + 900
    return time_ms, seen


def touch(
    world: World, rng: Dice, visit: Visit, currency: str, product: Product, action: str,
    time_ms: int,
) -> None:  # fmt: skip
    """Write one step that is about a product."""
    record: dict[str, Any] = {
        "type": "browse",
        "action": action,
        "sku": product.sku,
        "category": product.category.name,
        "price": product.price_in(currency),
        **visit.common,
    }
    if action in {"view", "click"}:
        record["dwell_ms"] = int(rng.around(14_000, 1.0))
    _write(world, rng, visit, record, time_ms)


def search(
    world: World, rng: Dice, visit: Visit, language: str, product: Product, time_ms: int
) -> None:
    """Write a search that could have led to ``product``."""
    speaks = language if language != "mixed" else rng.pick(("zh", "en"))
    words = product.name_in(speaks).split(" ")
    query = words[-1] if rng.chance(0.45) else " ".join(words[rng.whole(0, 1) :])
    record = {
        "type": "browse",
        "action": "search",
        "query": query.lower() if rng.chance(0.7) else query,
        **visit.common,
    }
    if rng.chance(0.5):
        record["category"] = product.category.name
    _write(world, rng, visit, record, time_ms)


def enter(world: World, rng: Dice, visit: Visit, time_ms: int, *, signup: bool = False) -> None:
    """Write a login, or the signup of a new account."""
    record: dict[str, Any] = {
        "type": "browse",
        "action": "signup" if signup else "login",
        "account_created_at": visit.created_ms,
        **visit.common,
    }
    if signup:
        record["attributes"] = {"signup_channel": rng.pick(_SIGNUPS)}
    else:
        failed = rng.count(0.25)
        record["attributes"] = {"login_method": rng.pick(_LOGINS), "failed_logins": failed}
    _write(world, rng, visit, record, time_ms)


def choose(
    world: World, rng: Dice, category: Category, budget: float, time_ms: int,
    seen: list[Product] | None = None,
) -> Product:  # fmt: skip
    """Return what a buyer with that budget takes: from what was seen, or another of the kind."""
    if seen and rng.chance(0.75):
        first, second = rng.pick(seen), rng.pick(seen)
    else:
        shelf = world.market.shelves[category.name]
        first, second = shelf.take(rng, time_ms), shelf.take(rng, time_ms)
    dear, cheap = (first, second) if first.price > second.price else (second, first)
    return dear if rng.random() * (budget + 0.9) < budget else cheap


def beside(world: World, rng: Dice, seller: Seller) -> Product:
    """Return something else of the same seller."""
    return rng.pick(world.market.of_seller[seller.seller_id])


def _write(world: World, rng: Dice, visit: Visit, record: dict[str, Any], time_ms: int) -> None:
    event_id = world.ledger.event(rng, visit.user_id, record, time_ms)
    if event_id and visit.scheme:
        world.ledger.confess(visit.scheme, event_id, visit.user_id, "browse", time_ms, case=False)
