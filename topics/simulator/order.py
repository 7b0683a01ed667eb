"""An order: how it is placed, and how its later statuses are written, one event each."""

from dataclasses import dataclass
from typing import Any

from topics.simulator.dice import Dice
from topics.simulator.ledger import Scheme, Visit
from topics.simulator.market import Product
from topics.simulator.world import World

Lines = list[tuple[Product, int]]


@dataclass(frozen=True, slots=True)
class Terms:
    """How an order is paid for and where it goes; ``discount`` is a share of the price."""

    currency: str
    language: str
    method: str
    instrument: str | None
    ship_to: str | None
    bill_to: str | None
    discount: float = 0.0
    gift: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A placed order; ``base`` is what all its events repeat.

    ``event_id`` is None when it was placed outside the simulated time; ``scheme`` marks its later
    events as fraud, too.
    """

    event_id: str | None
    time_ms: int
    amount: float
    visit: Visit
    lines: Lines
    terms: Terms
    base: dict[str, Any]
    scheme: Scheme | None

    @property
    def order_id(self) -> str:
        """The order's id."""
        return str(self.base["order_id"])


def place(
    world: World, rng: Dice, visit: Visit, lines: Lines, terms: Terms, time_ms: int, *,
    case: bool = True,
) -> Order:  # fmt: skip
    """Write a placed order of (product, quantity) lines, all of one seller.

    In a fraudulent stay the order is a case unless ``case`` is False. The user "guest:" stands
    for a buyer without an account.
    """
    worth = sum(product.price_in(terms.currency) * quantity for product, quantity in lines)
    amount = round(worth * (1.0 - terms.discount), 2)
    order_id = rng.name("o")
    if visit.user_id == "guest:":
        visit = Visit(f"guest:{order_id}", None, visit.common, visit.scheme)
    base = {
        "type": "order",
        "order_id": order_id,
        "amount": amount,
        "currency": terms.currency,
        "seller_id": lines[0][0].seller.seller_id,
    }
    record = {
        **base,
        **visit.common,
        "status": "placed",
        "items": items_of(lines, terms),
        "payment": _payment(terms),
        "attributes": {
            "promo_code": terms.discount > 0,
            "discount_share": terms.discount,
            "gift": terms.gift,
        },
    }
    if terms.ship_to:
        record["shipping_address_id"] = terms.ship_to
    if terms.bill_to:
        record["billing_address_id"] = terms.bill_to
    if visit.created_ms is not None:
        record["account_created_at"] = visit.created_ms
    if terms.note:
        record["description"] = terms.note
    event_id = write(world, rng, visit, record, time_ms, visit.scheme, case=case)
    return Order(event_id, time_ms, amount, visit, lines, terms, base, visit.scheme)


def advance(
    world: World, rng: Dice, order: Order, status: str, time_ms: int, *,
    by: Visit | None = None, scheme: Scheme | None = None, case: bool = False,
) -> str | None:  # fmt: skip
    """Write a later status of the order; return its event id, None outside the simulated time.

    Of an order that was placed outside, nothing is written at all.
    ``by`` is the stay in which the buyer did it; the shop's own steps have none. ``scheme`` marks
    the event as fraud where the order was honest until now.
    """
    if order.event_id is None:
        return None
    record = {**order.base, "status": status}
    if by:
        record.update(by.common)
    if status == "paid":
        record["payment"] = _payment(order.terms)
    elif status == "shipped" and order.terms.ship_to:
        record["shipping_address_id"] = order.terms.ship_to
    elif status == "returned":
        record["items"] = items_of(order.lines, order.terms)
    return write(world, rng, order.visit, record, time_ms, scheme or order.scheme, case=case)


def write(
    world: World, rng: Dice, visit: Visit, record: dict[str, Any], time_ms: int,
    scheme: Scheme | None, *, case: bool,
) -> str | None:  # fmt: skip
    """Write an order or review event, and the truth about it; return its id."""
    event_id = world.ledger.event(rng, visit.user_id, record, time_ms)
    if event_id and scheme:
        world.ledger.confess(scheme, event_id, visit.user_id, record["type"], time_ms, case=case)
    return event_id


def items_of(lines: Lines, terms: Terms) -> list[dict[str, Any]]:
    """Return the items of an order event."""
    return [
        {
            "sku": product.sku,
            "name": product.name_in("en" if terms.language == "en" else "zh"),
            "category": product.category.name,
            "quantity": quantity,
            "unit_price": product.price_in(terms.currency),
        }
        for product, quantity in lines
    ]


def _payment(terms: Terms) -> dict[str, str]:
    payment = {"method": terms.method}
    if terms.instrument:
        payment["instrument_id"] = terms.instrument
    return payment
