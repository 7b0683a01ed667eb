"""Word lists as text that a person can read and extend."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pieces:
    """What reviews of one language are put together from; feelings are -1, 0 and 1.

    In a piece ``{p}`` stands for the product, ``{a}`` for an aspect of it (``{A}`` with a capital),
    ``{o}`` for an opinion, ``{w}`` for when, ``{d}`` for how long, ``{f}`` for whom.
    """

    aspects: dict[str, tuple[str, ...]]
    opinions: dict[int, tuple[str, ...]]
    says: tuple[str, ...]
    opening: dict[int, tuple[str, ...]]
    when: tuple[str, ...]
    duration: tuple[str, ...]
    family: tuple[str, ...]
    delivery: dict[int, tuple[str, ...]]
    price: dict[int, tuple[str, ...]]
    closing: dict[int, tuple[str, ...]]
    praise: tuple[str, ...]
    abuse: tuple[str, ...]
    short: dict[int, tuple[str, ...]]
    emoji: dict[int, tuple[str, ...]]
    joints: tuple[str, ...]
    ends: tuple[str, ...]
    spice: tuple[str, ...]
    slips: dict[str, str]


def words(text: str) -> tuple[str, ...]:
    """Return the pieces of ``text`` between bars; line breaks inside a piece do not count.

    >>> words("good | very good | not bad")
    ('good', 'very good', 'not bad')
    """
    return tuple(" ".join(piece.split()) for piece in text.split("|"))


def word_table(text: str) -> dict[str, tuple[str, ...]]:
    """Return a table from ``name: piece | piece``; tables end with a semicolon each.

    >>> word_table("a: x | y; b: z")
    {'a': ('x', 'y'), 'b': ('z',)}
    """
    rows = (row.partition(":") for row in text.split(";"))
    return {name.strip(): words(pieces) for name, _, pieces in rows}
