"""What every actor needs at hand: the market, its networks, and the ledger to write in."""

from dataclasses import dataclass, replace
from typing import Any

from topics.simulator.config import SimulatorConfig
from topics.simulator.dice import Dice
from topics.simulator.ledger import Ledger, Scheme, Visit
from topics.simulator.market import Market
from topics.simulator.person import Person
from topics.simulator.places import Device, Networks, address_in


@dataclass(frozen=True)
class World:
    """One simulated market while it is being generated."""

    config: SimulatorConfig
    market: Market
    networks: Networks
    ledger: Ledger


def visit(
    rng: Dice, user_id: str, created_ms: int | None, device: Device, prefix: str,
    scheme: Scheme | None = None,
) -> Visit:  # fmt: skip
    """Return a new stay of an account in the shop, from ``device`` in the network ``prefix``."""
    common: dict[str, Any] = {
        "session_id": f"v{rng.getrandbits(64):016x}",
        "device_id": device.device_id,
        "ip": address_in(prefix, rng),
        "channel": device.channel,
    }
    return Visit(user_id, created_ms, common, scheme)


def visit_of(world: World, rng: Dice, person: Person, time_ms: int) -> Visit:
    """Return a stay of the person at that time, from where and with what the person then has.

    Now and then people are in a café or on a train, or clear what identified their device.
    """
    prefix = person.network_at(rng, time_ms)
    if rng.chance(0.07):
        prefix = rng.pick(world.networks.carriers if rng.chance(0.6) else world.networks.hotels)
    device = person.device_at(rng, time_ms)
    if rng.chance(0.025):
        device = replace(device, device_id=rng.name("d"))
    return visit(rng, person.user_id, person.created_ms, device, prefix)
