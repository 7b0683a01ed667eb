"""Rows of REES46: browsing stays browsing, a purchase becomes an order."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topics.errors import InputError

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
)
ROWS = """\
2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,72d7
2019-10-01 00:00:01 UTC,cart,39,20,appliances.kettle,,33.20,554748717,9333
2019-10-01 00:00:02 UTC,remove_from_cart,39,20,appliances.kettle,,33.20,554748717,9333
2019-10-01 00:00:03 UTC,purchase,39,20,appliances.kettle,aqua,33.20,554748717,9333
2019-10-01 00:00:04 UTC,wish,39,20,,,1,5,9
2019-10-01 00:00:05 UTC,view,39,20,,,1,5
2019-10-01 00:00:06 UTC,view,39,20,,,1
"""
Import = Callable[..., Any]


def test_rows_become_browse_events_and_orders(imported: Import) -> None:
    events, labels, left_out = imported("rees46", HEADER + ROWS)
    assert not labels
    first = events[0]
    prefix = first["event_id"].removesuffix("-1")
    assert first == {
        "type": "browse", "event_id": f"{prefix}-1", "user_id": "541312140",
        "event_time": 1569888000000, "session_id": "72d7", "action": "view", "sku": "44600062",
        "category": "2103807459595387724", "price": 35.79, "attributes": {"brand": "shiseido"},
    }  # fmt: skip
    assert [event.get("action") for event in events[1:3]] == ["add_to_cart", "remove_from_cart"]
    assert events[3] == {
        "type": "order", "event_id": f"{prefix}-4", "user_id": "554748717",
        "event_time": 1569888003000, "session_id": "9333", "order_id": f"{prefix}-4",
        "status": "placed", "amount": 33.2, "currency": "USD", "attributes": {"brand": "aqua"},
        "items": [
            {"sku": "39", "quantity": 1, "unit_price": 33.2, "category": "appliances.kettle"}
        ],
    }  # fmt: skip
    assert "session_id" not in events[4]
    assert left_out == {"row of another kind": 1, "row without time, product or user": 1}


def test_months_in_files_of_their_own_do_not_share_event_ids(
    imported: Import, tmp_path: Path
) -> None:
    for month in ["2019-Oct.csv", "2019-Nov.csv"]:
        (tmp_path / month).write_text(HEADER + ROWS)
    events, _, _ = imported("rees46", tmp_path)
    assert len({event["event_id"] for event in events}) == len(events) == 10


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "is empty"),
        (HEADER, "no rows"),
        (HEADER.replace("user_id", "who") + ROWS, "no column user_id"),
        (HEADER + ROWS.replace("35.79", "dear"), "row 1: price is 'dear'"),
        (HEADER + "x" * 200_000, "field larger than field limit"),
    ],
)
def test_a_broken_table_is_named(imported: Import, table: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"table\.csv.*{message}"):
        imported("rees46", table)


def test_a_missing_or_foreign_file_is_named(imported: Import, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        imported("rees46", tmp_path / "nowhere")
    (tmp_path / "a.xlsx").write_text("")
    with pytest.raises(InputError, match="save the table as one of them"):
        imported("rees46", tmp_path / "a.xlsx")


def test_the_real_rows_all_become_events(
    imported: Import, published: Callable[[str], Path]
) -> None:
    events, _, left_out = imported("rees46", published("browse_rees46"))
    assert not left_out
    assert len({event["event_id"] for event in events}) == 17_435
    assert Counter(event["type"] for event in events) == {"browse": 17_221, "order": 214}
    assert len({event["user_id"] for event in events}) == 4_505
