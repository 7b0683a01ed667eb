"""Who lives in the market: persons in households, a block of neighbours at a time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from topics.simulator.categories import CATEGORIES
from topics.simulator.config import DAY_MS, SimulatorConfig
from topics.simulator.dice import Dice, dice, running
from topics.simulator.person import Household, Person, Trip, draw_habits, draw_tastes, user_name
from topics.simulator.places import Networks, new_device

COHORT_SIZE: Final = 1_024
"""Users generated together: a household or a ring of fraudsters lies within one cohort."""

_CHANGE_DAYS: Final = 60
"""What happens once to a person happens within so many days, seen or not."""

_HOUSEHOLD_SIZES: Final = running([0.52, 0.25, 0.12, 0.08, 0.03])
_LANGUAGES: Final = running([0.47, 0.43, 0.1])
_WALLETS: Final = running([0.5, 0.36, 0.14])

TRAITS: Final = (
    ("new_phone_and_address", 0.03),
    ("traveller", 0.06),
    ("gift_burst", 0.06),
    ("honest_returner", 0.035),
    ("enthusiast", 0.04),
    ("shared_device", 0.04),
    ("one_time_cards", 0.05),
    ("bargain_hunter", 0.05),
    ("top_up", 0.05),
)
"""Honest people who look like fraud in one way or another, and their share of all people."""


def people(config: SimulatorConfig, networks: Networks, cohort: int) -> list[Person]:
    """Return the people number ``cohort * COHORT_SIZE`` and following."""
    rng = dice(config.seed, "cohort", cohort)
    first = cohort * COHORT_SIZE
    n = min(COHORT_SIZE, config.users - first)
    everybody: list[Person] = []
    while len(everybody) < n:
        size = 1 + rng.weigh((0, 1, 2, 3, 4), _HOUSEHOLD_SIZES)
        home = _household(rng, networks, size)
        language = rng.weigh(("zh", "en", "mixed"), _LANGUAGES)
        income = rng.around(1.0, 0.5)
        for _ in range(min(size, n - len(everybody))):
            number = first + len(everybody)
            everybody.append(_person(rng, config, networks, number, home, language, income))
    return everybody


def cohorts(config: SimulatorConfig) -> Iterator[int]:
    """Yield the numbers of all cohorts."""
    yield from range(-(-config.users // COHORT_SIZE))


def _household(rng: Dice, networks: Networks, size: int) -> Household:
    shares = size > 1
    return Household(
        address=rng.pick(networks.pickup_points) if rng.chance(0.13) else rng.name("a"),
        prefix=networks.home(rng),
        tablet=new_device(rng, weight=0.5) if shares and rng.chance(0.35) else None,
        card=rng.name("i") if shares and rng.chance(0.35) else None,
    )


def _person(
    rng: Dice,
    config: SimulatorConfig,
    networks: Networks,
    number: int,
    home: Household,
    language: str,
    income: float,
) -> Person:
    joined = None
    created = config.start_ms - int((rng.around(420, 1.1) + 2) * DAY_MS)
    if rng.chance(config.joining):
        joined = created = config.start_ms + int(rng.random() * config.days * DAY_MS)
    income *= rng.around(1.0, 0.25)
    tastes, weights = draw_tastes(rng)
    devices = [new_device(rng, weight=3.0)]
    if rng.chance(0.4):
        devices.append(new_device(rng))
    if home.tablet:
        devices.append(home.tablet)
    person = Person(
        user_id=user_name(number, config),
        language=rng.pick(("zh", "en")) if rng.chance(0.05) else language,
        currency="USD" if language == "en" else "CNY",
        created_ms=max(created, config.start_ms - 4_400 * DAY_MS),
        joined_ms=joined,
        tastes=tastes,
        taste_weights=weights,
        habits=draw_habits(rng, income),
        household=home,
        devices=devices,
        networks=[home.prefix, rng.pick(networks.carriers)],
        network_weights=[3.0, 5.0],
        addresses=[home.address],
        address_weights=[6.0],
        instruments=_instruments(rng, home),
        income=income,
        trait=_trait(rng),
    )
    if rng.chance(0.3):
        person.networks.append(rng.pick(networks.offices))
        person.network_weights.append(person.network_weights[-1] + 2.0)
    if rng.chance(0.06):
        person.networks.append(rng.pick(networks.exits))
        person.network_weights.append(person.network_weights[-1] + 2.5)
    if rng.chance(0.22):
        person.addresses.append(rng.name("a"))
        person.address_weights.append(person.address_weights[-1] + 1.8)
    return _characterise(rng, config, networks, person)


def _instruments(rng: Dice, home: Household) -> list[tuple[str, str]]:
    """Return (method, instrument) pairs, the favourite first."""
    mine = [rng.weigh((("card", "i"), ("wallet", "w"), ("bank", "b")), _WALLETS)]
    if rng.chance(0.35):
        mine.append(("card", "i"))
    named = [(method, rng.name(prefix)) for method, prefix in mine]
    if home.card and rng.chance(0.8):
        named.insert(0 if rng.chance(0.5) else len(named), ("card", home.card))
    return named


def _trait(rng: Dice) -> str | None:
    roll = rng.random()
    for trait, share in TRAITS:
        if roll < share:
            return trait
        roll -= share
    return None


def _characterise(rng: Dice, config: SimulatorConfig, networks: Networks, one: Person) -> Person:
    """Give a person what the trait implies, and everybody a little of change."""
    moment = config.start_ms + int(rng.random() * max(config.days, _CHANGE_DAYS) * DAY_MS)
    habits = one.habits
    if one.trait == "new_phone_and_address" or rng.chance(0.002 * max(config.days, _CHANGE_DAYS)):
        one.devices[0] = replace(one.devices[0], until_ms=moment)
        one.devices.insert(0, replace(new_device(rng, weight=3.0), from_ms=moment))
    if one.trait == "new_phone_and_address":
        one.old_address = (one.addresses[0], moment + rng.whole(-3, 5) * DAY_MS)
        one.addresses[0] = rng.name("a")
    elif one.trait == "traveller":
        one.trips += _trips(rng, config, networks)
    elif one.trait == "honest_returner":
        habits = replace(habits, returns=rng.between(0.25, 0.6), pages=habits.pages * 1.3)
    elif one.trait == "enthusiast":
        habits = replace(habits, reviews=0.97, mood=1.3, talkative=habits.talkative * 1.3)
    elif one.trait == "shared_device":
        kiosk = rng.pick(networks.kiosks)
        one.devices.append(replace(new_device(rng, weight=4.0), device_id=kiosk))
    elif one.trait == "bargain_hunter":
        habits = replace(habits, promo=0.9, sessions_per_day=habits.sessions_per_day * 1.4)
    elif one.trait == "top_up":
        habits = replace(habits, conversion=0.8, pages=2.0)
        one.tastes += (CATEGORIES[-1],)
        one.taste_weights.append(one.taste_weights[-1] * 2.5)
    one.one_time_cards = one.trait == "one_time_cards"
    one.burst_ms = moment if one.trait in {"gift_burst", "top_up"} else None
    one.habits = habits
    return one


def _trips(rng: Dice, config: SimulatorConfig, networks: Networks) -> list[Trip]:
    trips = []
    for _ in range(1 + config.days // _CHANGE_DAYS):
        start = config.start_ms + int(rng.random() * max(config.days, _CHANGE_DAYS) * DAY_MS)
        prefix = rng.pick(networks.exits if rng.chance(0.33) else networks.hotels)
        trips.append(Trip(start, start + rng.whole(3, 18) * DAY_MS, prefix))
    return trips
