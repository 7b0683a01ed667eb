"""Who commits fraud and with what: accounts, devices, networks and addresses of a crew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from topics.simulator.config import DAY_MS
from topics.simulator.dice import Dice
from topics.simulator.ledger import Scheme, Visit
from topics.simulator.person import Person
from topics.simulator.places import Device, new_device
from topics.simulator.world import World, visit


@dataclass(frozen=True, slots=True)
class Crew:
    """What the people behind one campaign have in common."""

    scheme: Scheme
    onset_ms: int
    duration_ms: int
    devices: list[Device]
    prefixes: list[str]
    addresses: list[str]

    def moment(self, rng: Dice) -> int:
        """Return some time within the campaign."""
        return self.onset_ms + int(rng.random() * self.duration_ms)


def gather(
    world: World, rng: Dice, scheme: Scheme, *,
    days: tuple[float, float], devices: tuple[int, int], addresses: tuple[int, int],
) -> Crew:  # fmt: skip
    """Return a crew that is at work for so many days, at some time of the simulation.

    Campaigns may have begun before the first day or end after the last.
    """
    duration = int(rng.between(*days) * DAY_MS)
    span = world.config.end_ms - world.config.start_ms
    return Crew(
        scheme,
        world.config.start_ms - duration // 2 + int(rng.random() * span),
        duration,
        [new_device(rng) for _ in range(rng.whole(*devices))],
        [_prefix(world, rng) for _ in range(rng.whole(1, 3))],
        [rng.name("a") for _ in range(rng.whole(*addresses))],
    )


def _prefix(world: World, rng: Dice) -> str:
    networks = world.networks
    roll = rng.random()
    if roll < 0.5:
        return rng.pick(networks.carriers)
    if roll < 0.7:
        return rng.pick(networks.exits)
    return rng.pick(networks.offices) if roll < 0.82 else networks.home(rng)


def recruit(
    world: World, rng: Dice, people: Sequence[Person], crew: Crew, n: int, new_share: float
) -> list[Person]:
    """Return ``n`` accounts for a campaign and mark them as taken.

    Most are accounts that have lived honestly until then and go on doing so beside the campaign:
    bought, lent or their owners'. A share of ``new_share`` are opened for it, shortly before.
    """
    found: list[Person] = []
    for _ in range(20 * n):
        if len(found) == n:
            break
        person = rng.pick(people)
        if not person.taken:
            person.taken = True
            if rng.chance(new_share):
                _open(world, rng, person, crew)
            found.append(person)
    while len(found) < n:  # more fraud than people: some do it twice
        found.append(rng.pick(people))
    return found


def _open(world: World, rng: Dice, person: Person, crew: Crew) -> None:
    created = crew.onset_ms + int((rng.random() * 1.2 - 0.5) * min(crew.duration_ms, 12 * DAY_MS))
    created = min(created, crew.onset_ms + crew.duration_ms // 2)
    person.created_ms = created
    person.joined_ms = created if created >= world.config.start_ms else None
    person.active_from_ms = created
    person.habits = replace(
        person.habits, sessions_per_day=person.habits.sessions_per_day * rng.between(0.3, 1.2)
    )


def enter_as(
    world: World, rng: Dice, person: Person, crew: Crew, time_ms: int, *,
    crew_device: float, fresh_device: float, crew_prefix: float,
) -> Visit:  # fmt: skip
    """Return a fraudulent stay in the account of ``person``.

    ``crew_device`` is how likely it comes from a device of the crew, ``fresh_device`` from one
    that was made up for it; else it is the account's own. ``crew_prefix`` says the same of the
    network.
    """
    roll = rng.random()
    if roll < crew_device:
        device = rng.pick(crew.devices)
    elif roll < crew_device + fresh_device:
        device = new_device(rng)
    else:
        device = person.device_at(rng, time_ms)
    own = person.network_at(rng, time_ms)
    prefix = rng.pick(crew.prefixes) if rng.chance(crew_prefix) else own
    return visit(rng, person.user_id, person.created_ms, device, prefix, crew.scheme)


def after_opening(person: Person, time_ms: int) -> int:
    """Return the time, or one shortly after the account was opened if that is later."""
    return max(time_ms, person.created_ms + 15 * 60_000 + time_ms % 50_000_000)
