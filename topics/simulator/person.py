"""The people: what they earn, like and own, and when they are about."""

from dataclasses import dataclass, field
from typing import Final

from topics.simulator.categories import CATEGORIES, Category
from topics.simulator.config import SimulatorConfig
from topics.simulator.dice import Dice, running
from topics.simulator.places import Device

_CATEGORY_WEIGHTS: Final = running([c.weight for c in CATEGORIES])


@dataclass(frozen=True, slots=True)
class Household:
    """What the people of one home share."""

    address: str
    prefix: str
    tablet: Device | None
    card: str | None


@dataclass(frozen=True, slots=True)
class Trip:
    """Days away from home, in another network."""

    from_ms: int
    until_ms: int
    prefix: str


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person shops; shares lie in [0, 1].

    ``sessions_per_day`` at activity 1; ``budget`` is what the usual order costs relative to the
    category's median; ``hours`` names a daily rhythm, ``weekdays`` a weekly one.
    """

    sessions_per_day: float
    hours: int
    weekdays: int
    budget: float
    conversion: float
    pages: float
    returns: float
    reviews: float
    cancels: float
    promo: float
    gifts: float
    mood: float
    talkative: float
    pay_later: float


@dataclass(slots=True)
class Person:
    """A customer. ``joined_ms`` is None for accounts older than the simulation.

    ``trait`` names what makes an honest person look like fraud, if anything does; it is for
    labels and reports, nothing in an event says it. ``taken`` accounts are in a fraud campaign.
    ``active_from_ms`` and ``active_until_ms`` bound what the person does unprompted.
    """

    user_id: str
    language: str
    currency: str
    created_ms: int
    joined_ms: int | None
    tastes: tuple[Category, ...]
    taste_weights: list[float]
    habits: Habits
    household: Household
    devices: list[Device]
    networks: list[str]
    network_weights: list[float]
    addresses: list[str]
    address_weights: list[float]
    instruments: list[tuple[str, str]]
    income: float
    trait: str | None
    trips: list[Trip] = field(default_factory=list)
    burst_ms: int | None = None
    one_time_cards: bool = False
    old_address: tuple[str, int] | None = None
    taken: bool = False
    active_from_ms: int = 0
    active_until_ms: int = 1 << 62

    def device_at(self, rng: Dice, time_ms: int) -> Device:
        """Return the device that the person takes at that time."""
        usable = [d for d in self.devices if d.from_ms <= time_ms < d.until_ms]
        if len(usable) == 1:
            return usable[0]
        return rng.weigh(usable, running([d.weight for d in usable]))

    def network_at(self, rng: Dice, time_ms: int) -> str:
        """Return the IP prefix that the person has at that time."""
        for trip in self.trips:
            if trip.from_ms <= time_ms < trip.until_ms:
                return trip.prefix
        return rng.weigh(self.networks, self.network_weights)

    def address_at(self, rng: Dice, time_ms: int) -> str:
        """Return where the person has things sent at that time; presents go elsewhere."""
        address = rng.weigh(self.addresses, self.address_weights)
        if self.old_address and time_ms < self.old_address[1] and address == self.addresses[0]:
            return self.old_address[0]
        return address


def draw_tastes(rng: Dice) -> tuple[tuple[Category, ...], list[float]]:
    """Return a few favourite categories and the running sums of their weights."""
    tastes: list[Category] = []
    for _ in range(rng.whole(2, 5)):
        category = rng.weigh(CATEGORIES, _CATEGORY_WEIGHTS)
        if category not in tastes:
            tastes.append(category)
    return tuple(tastes), running([rng.around(1.0, 0.6) for _ in tastes])


def draw_habits(rng: Dice, income: float) -> Habits:
    """Return the habits of a person of that income (1 is the median)."""
    return Habits(
        sessions_per_day=0.128 * rng.around(0.72, 0.8),
        hours=rng.whole(0, 4),
        weekdays=rng.whole(0, 2),
        budget=income**0.6 * rng.around(1.0, 0.35),
        conversion=min(0.85, rng.around(0.4, 0.35)),
        pages=rng.around(4.4, 0.35),
        returns=min(0.6, rng.around(0.065, 0.7)),
        reviews=min(0.97, rng.around(0.42, 0.6)),
        cancels=min(0.3, rng.around(0.035, 0.7)),
        promo=min(0.9, rng.around(0.2, 0.6)),
        gifts=min(0.3, rng.around(0.045, 0.7)),
        mood=0.5 * rng.normal(),
        talkative=rng.around(1.0, 0.45),
        pay_later=rng.between(0.25, 0.8) if rng.chance(0.3) else 0.02,
    )


def user_name(number: int, config: SimulatorConfig) -> str:
    """Return the ``user_id`` of a number; neighbours do not get neighbouring names.

    >>> config = SimulatorConfig(users=10, days=1, seed=7)
    >>> len({user_name(n, config) for n in range(100_000)})
    100000
    """
    return f"u{(number * 61_803_399 + config.seed * 7_919 + 31_415_927) % 10**8:08d}"
