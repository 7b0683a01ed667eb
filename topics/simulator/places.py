"""Where events come from: devices, addresses, networks, and who shares them."""

from dataclasses import dataclass
from typing import Final

from topics.simulator.config import SimulatorConfig
from topics.simulator.dice import Dice, dice

CHANNELS: Final = ("app", "web", "miniprogram", "mobile_web")


@dataclass(frozen=True, slots=True)
class Device:
    """A device and when it is in use; ``weight`` is how often it is taken among several."""

    device_id: str
    channel: str
    weight: float = 1.0
    from_ms: int = 0
    until_ms: int = 1 << 62


class Networks:
    """Networks that many people use at once.

    Carriers put thousands behind one prefix, offices dozens, a home prefix a few neighbours, and
    hosting providers and VPN exits serve travellers and thieves alike.
    """

    def __init__(self, config: SimulatorConfig) -> None:
        rng = dice(config.seed, "networks")
        self.carriers = [_prefix(rng) for _ in range(24 + config.users // 2_000)]
        self.offices = [_prefix(rng) for _ in range(4 + config.users // 90)]
        self.homes = config.users // 5 + 1
        self.exits = [_prefix(rng) for _ in range(14 + config.users // 4_000)]
        self.hotels = [_prefix(rng) for _ in range(10 + config.users // 500)]
        self.pickup_points = [rng.name("a") for _ in range(6 + config.users // 220)]
        self.kiosks = [rng.name("d") for _ in range(3 + config.users // 260)]
        self._seed = config.seed

    def home(self, rng: Dice) -> str:
        """Return a home's prefix; a few homes share it."""
        return _prefix(dice(self._seed, "home", rng.whole(0, self.homes)))


def new_device(rng: Dice, *, weight: float = 1.0, from_ms: int = 0) -> Device:
    """Return a device that nobody has seen, with the channel that its owner uses on it."""
    roll = rng.random()
    channel = CHANNELS[(roll > 0.48) + (roll > 0.68) + (roll > 0.86)]
    return Device(rng.name("d"), channel, weight, from_ms)


def address_in(prefix: str, rng: Dice) -> str:
    """Return a full IP address within ``prefix``.

    >>> address_in("100.64.7.", dice(1, "doc")).startswith("100.64.7.")
    True
    """
    if prefix.endswith(":"):
        return f"{prefix}{rng.whole(0, 0xFFFF):x}::{rng.whole(1, 0xFFFF):x}"
    return f"{prefix}{rng.whole(1, 254)}"


def _prefix(rng: Dice) -> str:
    if rng.chance(0.12):
        return f"2{rng.whole(0x400, 0x9FF):x}:{rng.whole(0, 0xFFFF):x}:{rng.whole(0, 0xFFFF):x}:"
    return f"{rng.whole(11, 222)}.{rng.whole(0, 255)}.{rng.whole(0, 255)}."
