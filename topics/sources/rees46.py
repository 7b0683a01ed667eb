"""REES46: real browsing and buying of a multi-category shop, October 2019 and later months.

A view becomes a browse event ``view``, a cart ``add_to_cart``, a remove_from_cart the same; a
purchase, of which the set has one row per product, becomes an order ``placed`` with one item of
quantity 1. Rows of another kind or without user, time or product are left out with a count.

Times are UTC. The set states no currency: USD is written. There are no labels. An event's id is
made of the file's name and the row, so that months imported one by one do not collide.

Source: "eCommerce behavior data from multi category store", REES46 Marketing Platform, one CSV per
month (2019-Oct.csv, also compressed).
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from topics.sources.conversion import Converted, Options, Place, Record, identifier, number, time_ms
from topics.sources.table import Column, read_table

_COLUMNS: Final = (
    Column("event_time"),
    Column("event_type"),
    Column("product_id"),
    Column("category_id", required=False),
    Column("category_code", required=False),
    Column("brand", required=False),
    Column("price"),
    Column("user_id"),
    Column("user_session", required=False),
)
_ACTIONS: Final = {
    "view": "view",
    "cart": "add_to_cart",
    "remove_from_cart": "remove_from_cart",
    "purchase": None,
}


def convert(path: Path, _: Options) -> Iterator[Converted]:
    """Yield one event per row; raises InputError for a broken table."""
    for file, first, rows in read_table(path, _COLUMNS):
        prefix = f"rees46-{crc32(file.name.encode()):08x}"
        events: list[Record] = []
        left_out: Counter[str] = Counter()
        for row, values in enumerate(rows, first):
            time, kind, product, user = values[0], values[1], values[2], values[7]
            if kind not in _ACTIONS:
                left_out["row of another kind"] += 1
            elif time is None or product is None or user is None:
                left_out["row without time, product or user"] += 1
            else:
                events.append(_event(f"{prefix}-{row}", values, Place(file, row)))
        yield Converted(events, left_out=left_out)


def _event(event_id: str, values: tuple[Any, ...], place: Place) -> Record:
    time, kind, product, category_id, category_code, brand, price, user, session = values
    action = _ACTIONS[kind]
    sku = identifier(product)
    category = category_code or (identifier(category_id) if category_id is not None else None)
    amount = None if price is None else number(price, "price", place)
    event: Record = {
        "type": "browse" if action else "order",
        "event_id": event_id,
        "user_id": identifier(user),
        "event_time": time_ms(time, "event_time", place),
    }
    if session is not None:
        event["session_id"] = str(session)
    if action:
        event |= {"action": action, "sku": sku}
        if category is not None:
            event["category"] = category
        if amount is not None:
            event["price"] = amount
    else:
        item: Record = {"sku": sku, "quantity": 1, "unit_price": amount or 0.0}
        if category is not None:
            item["category"] = category
        event |= {
            "order_id": event_id,
            "status": "placed",
            "amount": amount or 0.0,
            "currency": "USD",
            "items": [item],
        }
    if brand is not None:
        event["attributes"] = {"brand": str(brand)}
    return event
