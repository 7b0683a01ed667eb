"""How an honest person pays for things and where they are sent."""

from typing import Final

from topics.simulator.dice import Dice
from topics.simulator.market import Product
from topics.simulator.order import Lines, Terms
from topics.simulator.person import Person
from topics.simulator.world import World

_NOTES_EN: Final = (
    "please leave it at the door", "call me before delivery", "it's a present, no invoice please",
    "leave with the neighbour", "ring twice", "please pack it well", "deliver after 6 pm",
    "need it before friday if possible", "gate code 4417", "back door, beware of the dog",
    "no plastic bags please", "please use the side entrance", "thank you!",
    "send it to reception", "put in parcel locker", "happy birthday mom, see you soon",
)  # fmt: skip
_NOTES_ZH: Final = (
    "请放门口", "放快递柜就行", "送货前打电话", "麻烦包装好一点", "送人的，不要放发票", "放前台",
    "周末送货", "请尽快发货，谢谢", "不要放驿站", "尽量晚上送", "放丰巢", "生日礼物，麻烦写张贺卡",
    "到了发短信", "请发顺丰", "易碎，轻放", "不要塑料袋",
)  # fmt: skip


def terms_of(world: World, rng: Dice, person: Person, time_ms: int, *, gift: bool = False) -> Terms:
    """Return how the person pays for an order at that time and where it goes."""
    method, instrument = _means(rng, person)
    home = person.address_at(rng, time_ms)
    gift = gift or rng.chance(person.habits.gifts)
    ship_to = rng.name("a") if gift and rng.chance(0.7) else home
    promo = person.habits.promo * (1.8 if world.market.calendar.is_peak(time_ms) else 0.8)
    return Terms(
        currency=person.currency,
        language=person.language,
        method=method,
        instrument=instrument,
        ship_to=ship_to,
        bill_to=person.addresses[0] if rng.chance(0.85) else None,
        discount=rng.pick((0.05, 0.1, 0.1, 0.15, 0.2, 0.3)) if rng.chance(promo) else 0.0,
        gift=gift,
        note=note_of(rng, person.language) if rng.chance(0.13) else None,
    )


def note_of(rng: Dice, language: str) -> str:
    """Return what a buyer might write to the seller."""
    if language == "mixed":
        language = rng.pick(("zh", "en"))
    notes = _NOTES_ZH if language == "zh" else _NOTES_EN
    first = rng.pick(notes)
    if rng.chance(0.2):
        return f"{first}{'，' if language == 'zh' else ', '}{rng.pick(notes)}"
    return first


def _means(rng: Dice, person: Person) -> tuple[str, str | None]:
    if rng.chance(person.habits.pay_later):
        return "pay_later", f"p{person.user_id[1:]}"
    if rng.chance(0.03):
        return "cash_on_delivery", None
    if person.one_time_cards and rng.chance(0.85):
        return "card", rng.name("i")
    if rng.chance(0.035):  # a new card, kept from now on
        person.instruments.insert(0, ("card", rng.name("i")))
    return person.instruments[0] if rng.chance(0.8) else rng.pick(person.instruments)


def basket(rng: Dice, first: Product, others: list[Product], size: float) -> Lines:
    """Return the lines of an order that has ``first`` and some of its seller's other products."""
    lines = [(first, _quantity(rng, first))]
    for other in others:
        if other is not first and rng.chance(size):
            lines.append((other, _quantity(rng, other)))
    return lines


def _quantity(rng: Dice, product: Product) -> int:
    often = 0.3 if product.category.name in {"grocery", "baby", "digital"} else 0.1
    return 1 + (rng.whole(1, 3) if rng.chance(often) else 0)
