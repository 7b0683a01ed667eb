"""Reviews put together from pieces: what is said, how warmly, how long, with what slips."""

from dataclasses import dataclass
from typing import Final

from topics.simulator.chinese import CHINESE
from topics.simulator.dice import Dice
from topics.simulator.english import ENGLISH
from topics.simulator.market import Product
from topics.simulator.wordlist import Pieces


@dataclass(frozen=True, slots=True)
class Voice:
    """How somebody writes; all but ``sentences`` are probabilities.

    ``sentences`` is the mean number of things said about the product, ``short`` how often a word
    or two must do, ``praise`` how often it gets loud (or, for bad ratings, abusive), ``contrast``
    how often a word goes against the rating, ``mixing`` how often the other language slips in.
    """

    sentences: float = 1.5
    short: float = 0.2
    praise: float = 0.14
    contrast: float = 0.22
    opening: float = 0.6
    delivery: float = 0.35
    price: float = 0.25
    closing: float = 0.45
    emoji: float = 0.12
    slips: float = 0.12
    mixing: float = 0.03


PLAIN: Final = Voice()
_FEELING: Final = {1: -1, 2: -1, 3: 0, 4: 1, 5: 1}


def compose(rng: Dice, language: str, product: Product, rating: int, voice: Voice = PLAIN) -> str:
    """Return the text of a review in zh, en or mixed; never empty."""
    mixing = voice.mixing
    if language == "mixed":
        language, mixing = rng.pick(("zh", "en")), 0.4
    bank = pieces_of(language)
    feeling = _FEELING[rating]
    if rng.chance(voice.short):
        text = rng.pick(bank.short[feeling])
        return text + rng.pick(bank.emoji[feeling]) if rng.chance(voice.emoji) else text
    said = _sentences(rng, bank, product, rating, voice)
    if rng.chance(mixing):
        said.insert(rng.whole(0, len(said)), rng.pick(bank.spice))
    text = _join(rng, said, bank).replace("{p}", _thing(rng, product, language))
    for slot, choices in (("{w}", bank.when), ("{d}", bank.duration), ("{f}", bank.family)):
        text = text.replace(slot, rng.pick(choices))
    if rng.chance(voice.slips):
        text = _slip(rng, text, bank)
    if rng.chance(voice.emoji):
        text += rng.pick(bank.emoji[feeling]) * rng.whole(1, 3)
    return text


def title(rng: Dice, language: str, rating: int) -> str:
    """Return a short title."""
    bank = pieces_of(rng.pick(("zh", "en")) if language == "mixed" else language)
    feeling = _FEELING[rating]
    return rng.pick(bank.short[feeling] if rng.chance(0.6) else bank.price[feeling])


def pieces_of(language: str) -> Pieces:
    """Return the pieces of zh or en."""
    return CHINESE if language == "zh" else ENGLISH


def _sentences(rng: Dice, bank: Pieces, product: Product, rating: int, voice: Voice) -> list[str]:
    feeling = _FEELING[rating]
    said: list[str] = []
    if rng.chance(voice.opening):
        said.append(rng.pick(bank.opening[feeling]))
    if rng.chance(voice.praise) and rating in {1, 2, 5}:
        said.append(rng.pick(bank.praise if feeling > 0 else bank.abuse))
    aspects = bank.aspects[product.category.name]
    for _ in range(rng.count(voice.sentences)):
        against = rng.chance(voice.contrast)
        said.append(_opinion(rng, bank, rng.pick(aspects), -feeling if against else feeling))
    for share, pieces in ((voice.delivery, bank.delivery), (voice.price, bank.price)):
        if rng.chance(share):
            said.append(rng.pick(pieces[rng.pick((-1, 0, 1)) if rng.chance(0.2) else feeling]))
    if rng.chance(voice.closing) or not said:
        said.append(rng.pick(bank.closing[feeling]))
    return said


def _opinion(rng: Dice, bank: Pieces, aspect: str, feeling: int) -> str:
    opinion = rng.pick(bank.opinions[feeling])
    sentence = rng.pick(bank.says).replace("{o}", opinion).replace("{a}", aspect)
    return sentence.replace("{A}", aspect[:1].upper() + aspect[1:])


def _thing(rng: Dice, product: Product, language: str) -> str:
    full = product.name_in(language)
    roll = rng.random()
    return full if roll < 0.15 else full.split(" ")[-1] if roll < 0.8 else product.category.name


def _join(rng: Dice, said: list[str], bank: Pieces) -> str:
    text = said[0]
    for sentence in said[1:]:
        joint = rng.pick(bank.joints)
        starts_low = bank is ENGLISH and not joint.rstrip().endswith((".", "!", "Also,"))
        keep = sentence[:2] in {"I ", "I'"} or sentence[:1] == "{"
        text += joint
        text += sentence if keep or not starts_low else sentence[0].lower() + sentence[1:]
    return text + rng.pick(bank.ends)


def _slip(rng: Dice, text: str, bank: Pieces) -> str:
    """Return the text with one mistake of the kind that people make when typing."""
    if bank.slips:
        found = [c for c in text if c in bank.slips]
        return text.replace(found[0], bank.slips[found[0]], 1) if found else text + text[-1]
    at = rng.whole(0, max(0, len(text) - 2))
    match rng.whole(0, 3):
        case 0:
            return text[:at] + text[at + 1 :] or text
        case 1:
            return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        case 2:
            return text[: at + 1] + text[at:]
        case _:
            return text.lower()
