"""Card payments of the handbook: an order and a label each, the label a week later."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topics.errors import InputError

HEADER = (
    "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_FRAUD,"
    "TX_FRAUD_SCENARIO\n"
)
ROWS = (
    "0,2018-04-01 00:00:31,596,3156,57.16,31,0,0\n1,2018-04-01 00:02:10,4961,3412,81.51,130,1,2\n"
)
Import = Callable[..., Any]


def test_a_transaction_becomes_an_order_and_a_label(imported: Import) -> None:
    events, labels, _ = imported("handbook", HEADER + ROWS)
    assert events[0] == {
        "type": "order", "event_id": "handbook-0", "user_id": "596", "event_time": 1522540831000,
        "order_id": "handbook-0", "status": "placed", "amount": 57.16, "currency": "EUR",
        "seller_id": "3156", "payment": {"method": "card"},
    }  # fmt: skip
    assert [label["kind"] for label in labels] == ["legitimate", "fraud"]
    assert [label["is_fraud"] for label in labels] == [False, True]
    assert [label.get("scenario") for label in labels] == [None, "2"]
    assert labels[1]["event_id"] == "handbook-1"
    assert labels[1]["known_at"] == labels[1]["event_time"] + 7 * 86_400_000


def test_the_delay_of_the_labels_can_be_chosen(imported: Import) -> None:
    label = imported("handbook", HEADER + ROWS, label_days=0.5)[1][0]
    assert label["known_at"] - label["event_time"] == 43_200_000


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",2018-04-01 00:00:31,596,3156,57.16,31,0,0\n", "TRANSACTION_ID"),
        ("0,2018-04-01 00:00:31,,3156,57.16,31,0,0\n", "CUSTOMER_ID"),
        ("0,2018-04-01 00:00:31,596, ,57.16,31,0,0\n", "TERMINAL_ID"),
    ],
)
def test_an_identity_that_is_missing_is_named_and_never_made_up(
    imported: Import, row: str, column: str
) -> None:
    with pytest.raises(InputError, match=rf"table\.csv, row 2: {column} is .*, not an identity"):
        imported("handbook", HEADER + ROWS.partition("\n")[0] + "\n" + row)


def test_the_first_of_the_real_transactions_are_as_published(
    imported: Import, published: Callable[[str], Path]
) -> None:
    events, labels, _ = imported("handbook", published("fraud_handbook"), n_parts=20)
    assert len(events) == len(labels) == 20 * 4096
    assert events[0]["event_time"] == 1522540831000
    assert sum(label["is_fraud"] for label in labels) == sum("scenario" in x for x in labels) > 100
