"""Invoices of Online Retail: each is one order, one return, or left out with its reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topics.errors import InputError

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINES = """\
536365,85123A,"HEART, WHITE",6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,71053,LANTERN,2,12/1/2010 8:27,3.39,17850,United Kingdom
536366,22633,,1,12/1/2010 8:28,0.001,,France
536365,M,,1,12/1/2010 8:26,1,17850,United Kingdom
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom
536589,21777,,-10,12/1/2010 16:50,0,,United Kingdom
536414,22139,,56,12/1/2010 11:52,0,,United Kingdom
A563186,B,Adjust bad debt,1,8/12/2011 14:51,-11062.06,,United Kingdom
"""

Import = Callable[..., Any]


def test_the_lines_of_an_invoice_become_one_order(imported: Import) -> None:
    events, labels, _ = imported("online-retail", HEADER + LINES)
    assert not labels
    assert events[0] == {
        "type": "order",
        "event_id": "online-retail-536365",
        "user_id": "17850",
        "event_time": 1291191960000,  # 2010-12-01T08:26Z
        "order_id": "536365",
        "status": "placed",
        "amount": 23.08,
        "currency": "GBP",
        "items": [
            {"sku": "85123A", "quantity": 6, "unit_price": 2.55, "name": "HEART, WHITE"},
            {"sku": "71053", "quantity": 2, "unit_price": 3.39, "name": "LANTERN"},
            {"sku": "M", "quantity": 1, "unit_price": 1.0},
        ],
        "attributes": {"country": "United Kingdom"},
    }


def test_a_buyer_without_account_is_a_guest_of_the_order(imported: Import) -> None:
    events, _, _ = imported("online-retail", HEADER + LINES)
    assert [(e["user_id"], e["amount"]) for e in events[1:2]] == [("guest:536366", 0.001)]


def test_a_return_has_its_amount_and_quantities_positive(imported: Import) -> None:
    event = imported("online-retail", HEADER + LINES)[0][2]
    assert (event["order_id"], event["status"], event["amount"]) == ("C536379", "returned", 27.5)
    assert event["items"] == [{"sku": "D", "quantity": 1, "unit_price": 27.5, "name": "Discount"}]


def test_what_is_no_order_is_counted(imported: Import) -> None:
    events, _, left_out = imported("online-retail", HEADER + LINES)
    assert [event["order_id"] for event in events] == ["536365", "536366", "C536379", "536414"]
    assert left_out == {"stock correction, no order": 1, "entry of bad debt, no order": 1}


def test_the_later_spelling_of_the_columns_and_old_encodings_are_understood(
    imported: Import,
) -> None:
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    line = "489434,1,CAF\xc9,1,2009-12-01 07:45:00,1.5,13085.0,EIRE\n"
    events, _, _ = imported("online-retail", (header + line).encode("latin-1"))
    assert (events[0]["user_id"], events[0]["items"][0]["name"]) == ("13085", "CAFÉ")


def test_an_invoice_that_comes_back_late_is_refused(imported: Import) -> None:
    line = "{},x,y,1,12/1/2010 8:26,1,1,France\n"
    table = HEADER + "".join(line.format(n) for n in range(20_000)) + line.format(3)
    with pytest.raises(InputError, match="row 20001: InvoiceNo 3 comes back"):
        imported("online-retail", table)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(3, "six", "Quantity is 'six'"), (4, "yesterday", "InvoiceDate"), (5, "nan", "UnitPrice")],
)
def test_a_bad_cell_is_named_with_its_row(
    imported: Import, field: int, value: str, message: str
) -> None:
    cells = ["1", "x", "y", "1", "12/1/2010 8:26", "1", "1", "France"]
    cells[field] = value
    with pytest.raises(InputError, match=rf"table\.csv, row 9: .*{message}"):
        imported("online-retail", HEADER + LINES + ",".join(cells))


def test_every_invoice_of_the_real_table_is_accounted_for(
    imported: Import, published: Callable[[str], Path]
) -> None:
    events, _, left_out = imported("online-retail", published("online_retail"))
    assert len(events) + left_out.total() == 25_900
    assert left_out == {"stock correction, no order": 1336, "entry of bad debt, no order": 3}
    assert sum(event["status"] == "returned" for event in events) == 3_836
    assert sum(len(event["items"]) for event in events) == 541_909 - 1_336 - 3
    users = {event["user_id"] for event in events}
    assert sum(not user.startswith("guest:") for user in users) == 4_372
    assert all(event["amount"] >= 0 for event in events)
    assert events == sorted(events, key=lambda event: event["event_time"])
