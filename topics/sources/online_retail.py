"""UCI Online Retail: real invoices of a British gift shop, December 2010 to December 2011.

One line per item becomes one order event per invoice, with the items inside. An invoice whose
number starts with C is a return (status ``returned``, amounts and quantities positive; which order
the goods came from is not known). A buyer without CustomerID is ``guest:<order_id>``.

Not everything in the table is an order. Left out, with a count: stock corrections (invoices of
negative quantities without being returns: no customer, no price) and entries of bad debt (numbers
that start with A). Invoices of amount zero with goods in them are kept.

Times are local British time without a zone; they are read as UTC, so that in summer they are an
hour late. The amounts are in pounds. The set says nothing of devices, addresses or payments.

Source: archive.ics.uci.edu/dataset/352 (CC BY 4.0), as CSV or parquet; the spellings of the later
Online Retail II (Invoice, Price, Customer ID) are understood too.
"""

from collections import Counter
from collections.abc import Iterator
from math import fsum
from pathlib import Path
from typing import Any, Final

from topics.errors import InputError
from topics.sources.conversion import (
    Converted,
    Options,
    Place,
    Record,
    identifier,
    known,
    number,
    time_ms,
    whole,
)
from topics.sources.table import Column, read_table

_COLUMNS: Final = (
    Column("InvoiceNo", ("Invoice",)),
    Column("StockCode"),
    Column("Description", required=False),
    Column("Quantity"),
    Column("InvoiceDate"),
    Column("UnitPrice", ("Price",)),
    Column("CustomerID", ("Customer ID",), required=False),
    Column("Country", required=False),
)
_PATTERN: Final = "%m/%d/%Y %H:%M"
_REACH_LINES: Final = 5_000
"""The lines of one invoice lie together but for other invoices' between them: three in the set."""


def convert(path: Path, _: Options) -> Iterator[Converted]:
    """Yield one order event per invoice; holds the invoices of the last 5,000 lines.

    Raises InputError for a broken table, or one in which an invoice comes back later than that.
    """
    open_invoices: dict[str, tuple[int, list[tuple[Any, ...]]]] = {}
    closed: set[str] = set()
    n_lines = 0
    for file, first, rows in read_table(path, _COLUMNS):
        for row, values in enumerate(rows, first):
            n_lines += 1
            invoice = known(values[0], "InvoiceNo", Place(file, row))
            if invoice in closed:
                raise InputError(
                    f"{file}, row {row}: InvoiceNo {invoice} comes back after more than "
                    f"{_REACH_LINES} other lines; sort the table by InvoiceNo"
                )
            lines = open_invoices[invoice][1] if invoice in open_invoices else []
            lines.append((Place(file, row), *values[1:]))
            open_invoices[invoice] = n_lines, lines
        done = [name for name, (at, _) in open_invoices.items() if n_lines - at > _REACH_LINES]
        closed.update(done)
        yield _converted({name: open_invoices.pop(name)[1] for name in done})
    yield _converted({name: lines for name, (_, lines) in open_invoices.items()})


def _converted(invoices: dict[str, list[tuple[Any, ...]]]) -> Converted:
    events: list[Record] = []
    left_out: Counter[str] = Counter()
    for name, lines in invoices.items():
        reason, event = _order(name, lines)
        if reason:
            left_out[reason] += 1
        else:
            events.append(event)
    return Converted(events, left_out=left_out)


def _order(name: str, lines: list[tuple[Any, ...]]) -> tuple[str, Record]:
    returned = name[0] in "Cc"
    sign = -1 if returned else 1
    items: list[Record] = []
    for place, sku, title, quantity, _, price, _, _ in lines:
        item = {
            "sku": identifier(sku),
            "quantity": whole(sign * number(quantity, "Quantity", place)),
            "unit_price": number(price, "UnitPrice", place),
        }
        if title and str(title).strip():
            item["name"] = str(title).strip()
        items.append(item)
    amount = round(fsum(item["quantity"] * item["unit_price"] for item in items), 3)
    if name[0] in "Aa":
        return "entry of bad debt, no order", {}
    if amount < 0 or any(item["quantity"] < 0 for item in items):
        return "stock correction, no order", {}
    customer = next((identifier(line[6]) for line in lines if line[6] is not None), None)
    event: Record = {
        "type": "order",
        "event_id": f"online-retail-{name}",
        "user_id": customer or f"guest:{name}",
        "event_time": min(time_ms(line[4], "InvoiceDate", line[0], _PATTERN) for line in lines),
        "order_id": name,
        "status": "returned" if returned else "placed",
        "amount": amount,
        "currency": "GBP",
        "items": items,
    }
    if lines[0][7] is not None:
        event["attributes"] = {"country": str(lines[0][7])}
    return "", event
