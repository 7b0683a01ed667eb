"""The shops of the market: sellers, what they sell, and on which days people buy."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from topics.simulator.categories import ADJECTIVES_EN, ADJECTIVES_ZH, BRANDS, CATEGORIES, Category
from topics.simulator.config import DAY_MS, SimulatorConfig
from topics.simulator.dice import Dice, dice, running

CNY_PER_USD: Final = 7.2
NEW_SELLER_SHARE: Final = 0.12
SHADY_SELLER_SHARE: Final = 0.06


@dataclass(frozen=True, slots=True)
class Seller:
    """One seller; ``quality`` 0 to 1 is how pleased buyers are, ``weight`` how many come.

    ``opened_ms`` lies within the simulation for new sellers, honest or not. A ``shady`` seller
    buys fake orders and reviews; most of its other orders are honest ones.
    """

    seller_id: str
    category: Category
    quality: float
    weight: float
    opened_ms: int
    shady: bool


@dataclass(frozen=True, slots=True)
class Product:
    """One product; ``price`` in US dollars, ``quality`` 0 to 1."""

    sku: str
    seller: Seller
    category: Category
    price: float
    quality: float
    name_en: str
    name_zh: str

    def price_in(self, currency: str) -> float:
        """Return the price in ``currency``, CNY or USD."""
        return round(self.price * CNY_PER_USD) + 0.0 if currency == "CNY" else self.price

    def name_in(self, language: str) -> str:
        """Return the name as a speaker of ``language``, zh or en, reads it."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, slots=True)
class Shelf:
    """Products with the running sums of their popularity."""

    products: list[Product]
    cumulative: list[float]

    def take(self, rng: Dice, time_ms: int) -> Product:
        """Return a product whose seller is open at ``time_ms``, popular ones more often."""
        product = rng.weigh(self.products, self.cumulative)
        for _ in range(8):
            if product.seller.opened_ms <= time_ms:
                break
            product = rng.weigh(self.products, self.cumulative)
        return product


class Market:
    """All sellers and products of a configuration; its size grows with users up to a bound."""

    def __init__(self, config: SimulatorConfig) -> None:
        rng = dice(config.seed, "market")
        n_sellers = max(42, min(2_400, config.users // 60))
        self.sellers = [_seller(rng, i, config) for i in range(n_sellers)]
        self.of_seller = {seller.seller_id: _range(rng, seller) for seller in self.sellers}
        everything = [p for products in self.of_seller.values() for p in products]
        popularity = [p.seller.weight * rng.around(1.0, 0.9) for p in everything]
        self.shelves: dict[str, Shelf] = {}
        for category in CATEGORIES:
            here = [i for i, p in enumerate(everything) if p.category is category]
            self.shelves[category.name] = Shelf(
                [everything[i] for i in here], running([popularity[i] for i in here])
            )
        self.shady = [seller for seller in self.sellers if seller.shady]
        self._weights = running([seller.weight for seller in self.sellers])
        self._shady_weights = running([seller.weight for seller in self.shady])
        self.calendar = Calendar(config)

    def any_seller(self, rng: Dice) -> Seller:
        """Return a seller, popular ones more often."""
        return rng.weigh(self.sellers, self._weights)

    def shady_seller(self, rng: Dice) -> Seller:
        """Return a seller that pays for praise, popular ones more often."""
        return rng.weigh(self.shady, self._shady_weights)


def _seller(rng: Dice, number: int, config: SimulatorConfig) -> Seller:
    category = CATEGORIES[number % len(CATEGORIES)]
    is_new = number >= len(CATEGORIES) and rng.chance(NEW_SELLER_SHARE)
    opened = config.start_ms - int(rng.around(600, 0.8) * DAY_MS)
    if is_new:
        opened = config.start_ms + int(rng.random() * (config.end_ms - config.start_ms) * 0.9)
    return Seller(
        seller_id=f"s{rng.getrandbits(32):08x}",
        category=category,
        quality=min(0.98, max(0.15, 0.72 + 0.16 * rng.normal())),
        weight=rng.around(1.6 if is_new else 1.0, 0.9) * category.weight,
        opened_ms=opened,
        shady=number % 16 == 7 or rng.chance(SHADY_SELLER_SHARE),
    )


def _range(rng: Dice, seller: Seller) -> list[Product]:
    products = []
    for _ in range(rng.whole(10, 34)):
        side = rng.pick(CATEGORIES) if rng.chance(0.12) else seller.category
        noun, brand = rng.whole(0, len(side.nouns_en) - 1), rng.pick(BRANDS)
        adjective = rng.whole(0, len(ADJECTIVES_EN) - 1)
        price = round(max(0.8, rng.around(side.price, side.spread)), 2)
        if rng.chance(0.6):
            price = float(int(price)) + rng.pick((0.99, 0.9, 0.5, 0.0)) if price > 1 else 0.99
        products.append(
            Product(
                sku=f"k{rng.getrandbits(40):010x}",
                seller=seller,
                category=side,
                price=round(price, 2),
                quality=min(0.99, max(0.05, seller.quality + 0.12 * rng.normal())),
                name_en=f"{brand} {ADJECTIVES_EN[adjective]} {side.nouns_en[noun]}",
                name_zh=f"{brand} {ADJECTIVES_ZH[adjective]}{side.nouns_zh[noun]}",
            )
        )
    return products


class Calendar:
    """How much goes on each day: weekdays, weekends, and sales that bring peaks.

    ``cumulative`` holds, per habit (weekday people, weekend people, both), the running sums.
    """

    HABITS: Final = ((1.15, 0.65), (0.75, 1.6), (1.0, 1.0))

    def __init__(self, config: SimulatorConfig) -> None:
        rng = dice(config.seed, "calendar")
        self.start_ms = config.start_ms
        self.days = config.days
        peaks: set[int] = set()
        day = rng.whole(6, 15)
        while day < config.days:
            peaks.update((day, day + 1))
            day += rng.whole(16, 30)
        self.peaks = frozenset(peaks)
        self.cumulative = [
            [0.0, *running([self._weight(d, habit) for d in range(config.days)])]
            for habit in self.HABITS
        ]

    def _weight(self, day: int, habit: tuple[float, float]) -> float:
        moment = datetime.fromtimestamp((self.start_ms + day * DAY_MS) / 1000, UTC)
        weekend = moment.weekday() >= 5
        return habit[weekend] * (2.1 if day in self.peaks else 1.0)

    def is_peak(self, time_ms: int) -> bool:
        """Return whether a sale is on."""
        return (time_ms - self.start_ms) // DAY_MS in self.peaks
