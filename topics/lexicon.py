"""A closed set of words, to be looked up by their bytes in compiled code."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.compiled import inlined

NONE: Final = -1


class Lexicon(NamedTuple):
    """A closed set of words and their numbers, to look up the bytes of a word."""

    slots: NDArray[np.int16]
    letters: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    multiplier: int


def lexicon(words: Sequence[str]) -> Lexicon:
    """Return a hash table without collisions of at most 127 words; their numbers are the places."""
    encoded = [word.encode() for word in words]
    letters = np.zeros((len(words), max(map(len, encoded))), np.uint8)
    for row, word in zip(letters, encoded, strict=True):
        row[: len(word)] = list(word)
    for multiplier in range(31, 100_000, 2):
        slots = np.full(1024, NONE, np.int16)
        places = [_slot_of(word, multiplier) for word in encoded]
        if len(set(places)) == len(words):
            slots[places] = np.arange(len(words))
            return Lexicon(slots, letters, np.array([len(w) for w in encoded]), multiplier)
    raise ValueError(f"no multiplier tells these words apart: {words}")


def _slot_of(word: bytes, multiplier: int) -> int:
    hashed = len(word)
    for letter in (word[0], word[len(word) // 2], word[-1]):
        hashed = hashed * multiplier + letter
    return (hashed >> 4) & 1023


@inlined
def find(words: Lexicon, data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the number of the word ``data[at:end]``, -1 for none."""
    if at >= end:
        return NONE
    hashed = end - at
    for i in (at, at + (end - at) // 2, end - 1):
        hashed = hashed * words.multiplier + data[np.uint64(i)]
    word = words.slots[(hashed >> 4) & 1023]
    if word < 0 or words.sizes[word] != end - at:
        return NONE
    for i in range(end - at):
        if words.letters[word, i] != data[np.uint64(at + i)]:
            return NONE
    return int(word)
