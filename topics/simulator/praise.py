"""Texts for hire: warmer and vaguer than what buyers write, and now and then the same again."""

from typing import Final

from topics.simulator.dice import Dice
from topics.simulator.grammar import Voice, compose, title
from topics.simulator.market import Product

HIRED: Final = Voice(1.4, 0.1, 0.42, 0.12, 0.5, 0.35, 0.3, 0.65, 0.22, 0.06, 0.03)


class Copywriter:
    """Writes the reviews of one campaign; how lazily differs between campaigns."""

    def __init__(self, rng: Dice) -> None:
        self._lazy = rng.between(0.0, 0.35)
        self._stock: dict[tuple[str, int], list[str]] = {}

    def write(self, rng: Dice, language: str, product: Product, rating: int) -> str:
        """Return a text for the product, at times one that the campaign has used before."""
        stock = self._stock.setdefault((language, rating), [])
        if stock and rng.chance(self._lazy):
            return _vary(rng, rng.pick(stock))
        voice = HIRED if rng.chance(0.85) else Voice()
        text = compose(rng, language, product, rating, voice)
        stock.append(text)
        return text

    def title(self, rng: Dice, language: str, rating: int) -> str | None:
        """Return a title, or None: most reviews have none."""
        return title(rng, language, rating) if rng.chance(0.3) else None


def _vary(rng: Dice, text: str) -> str:
    """Return the text with the small change that keeps it from being the very same."""
    roll = rng.random()
    if roll < 0.45:
        return text
    if roll < 0.7:
        return text.rstrip(".!。！～") + rng.pick(("!", "。", "!!", "～", "."))
    return text + rng.pick((" 👍", " good", "，推荐", "❤️", " thanks", "，好评"))
