"""Chance, reproducible: every actor has a stream of its own, keyed by the seed and a name."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice(Random):
    """A stream of chance.

    Only ``random``, ``getrandbits`` and what is built on them here: these are stable from one
    Python to the next, and cheap.
    """

    def chance(self, probability: float) -> bool:
        """Return True with that probability."""
        return self.random() < probability

    def pick(self, things: Sequence[T]) -> T:
        """Return one of ``things``, all alike."""
        return things[int(self.random() * len(things))]

    def weigh(self, things: Sequence[T], cumulative: Sequence[float]) -> T:
        """Return one of ``things``; ``cumulative`` holds the running sums of their weights."""
        return things[bisect_right(cumulative, self.random() * cumulative[-1])]

    def between(self, low: float, high: float) -> float:
        """Return a number from [low, high)."""
        return low + (high - low) * self.random()

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def around(self, median: float, spread: float) -> float:
        """Return a log-normal number with that median; ``spread`` is the sigma of its logarithm."""
        return median * math.exp(spread * self.normal())

    def normal(self) -> float:
        """Return a standard normal number (Box and Muller, 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.random()))
        return radius * math.cos(2.0 * math.pi * self.random())

    def count(self, mean: float) -> int:
        """Return a Poisson number (Knuth's product of uniforms; a rounded normal above 30)."""
        if mean > 30.0:
            return max(0, round(mean + math.sqrt(mean) * self.normal()))
        floor, product, n = math.exp(-mean), self.random(), 0
        while product > floor:
            product *= self.random()
            n += 1
        return n

    def share(self, mean: float) -> int:
        """Return ``mean`` rounded up or down at random, so that it is right on average."""
        return int(mean) + (self.random() < mean - int(mean))

    def name(self, prefix: str = "") -> str:
        """Return a name that nobody else will draw (80 random bits)."""
        return f"{prefix}{self.getrandbits(80):020x}"


def dice(seed: int, *key: int | str) -> Dice:
    """Return the stream of ``key`` under ``seed``: the same in every process.

    >>> dice(7, "cohort", 3).random() == dice(7, "cohort", 3).random()
    True
    >>> dice(7, "cohort", 3).random() == dice(7, "cohort", 4).random()
    False
    """
    text = "/".join([str(seed), *map(str, key)])
    return Dice(int.from_bytes(blake2b(text.encode(), digest_size=16).digest()))


def running(weights: Sequence[float]) -> list[float]:
    """Return the running sums of ``weights``, for ``Dice.weigh``.

    >>> running([1.0, 2.0])
    [1.0, 3.0]
    """
    return list(accumulate(weights))
