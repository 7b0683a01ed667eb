"""Sign-ups and first purchases: two events and a label for each row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topics.errors import InputError

HEADER = (
    "user_id,signup_time,purchase_time,purchase_value,device_id,source,browser,sex,age,class,"
    "ip_address\n"
)
ROWS = """\
22058,2/24/15 22:55,4/18/15 2:47,34,QVPS,SEO,Chrome,M,39,0,732758368.8
1359,1/1/15 18:52,1/1/15 18:52,15,YSSK,SEO,Opera,M,53,1,
"""
Import = Callable[..., Any]


def test_a_row_becomes_a_sign_up_an_order_and_a_label(imported: Import) -> None:
    events, labels, _ = imported("fraudecom", HEADER + ROWS)
    shared = {
        "user_id": "22058", "account_created_at": 1424818554000, "device_id": "QVPS",
        "ip": "43.173.1.96",
        "attributes": {"source": "SEO", "browser": "Chrome", "sex": "M", "age": 39},
    }  # fmt: skip
    assert events[0] == {
        "type": "browse", "event_id": "fraudecom-22058-signup", "event_time": 1424818554000,
        "action": "signup", **shared,
    }  # fmt: skip
    assert events[1] == {
        "type": "order", "event_id": "fraudecom-22058-order", "event_time": 1429325274000,
        "order_id": "fraudecom-22058", "status": "placed", "amount": 34.0, "currency": "USD",
        **shared,
    }  # fmt: skip
    assert "ip" not in events[2]
    assert [label["event_id"] for label in labels] == [events[1]["event_id"], events[3]["event_id"]]
    assert [label["kind"] for label in labels] == ["legitimate", "fraud"]
    assert labels[0]["known_at"] == events[1]["event_time"] + 30 * 86_400_000


def test_the_table_of_kaggle_is_understood(imported: Import) -> None:
    table = (
        "user_id,signup_time,purchase_time,purchase_value,device_id,source,browser,sex,age,"
        "ip_address,class\n"
        "22058,2015-02-24 22:55:49,2015-04-18 02:47:11,34,QVPS,SEO,Chrome,M,39,43.173.1.96,1\n"
    )
    events, labels, _ = imported("fraudecom", table)
    assert [event["ip"] for event in events] == ["43.173.1.96"] * 2
    assert events[0]["event_time"] == 1424818549000
    assert labels[0]["is_fraud"]


def test_an_impossible_address_is_named(imported: Import) -> None:
    with pytest.raises(InputError, match="row 1: ip_address is '9999999999'"):
        imported("fraudecom", HEADER + ROWS.replace("732758368.8", "9999999999"))


def test_the_real_rows_all_become_events(
    imported: Import, published: Callable[[str], Path]
) -> None:
    events, labels, _ = imported("fraudecom", published("fraudecom"))
    assert (len(events), len(labels)) == (2 * 51_689, 51_689)
    assert sum(label["is_fraud"] for label in labels) == 4_832
    assert sum("ip" in event for event in events) == 2 * 30_189


def test_a_purchase_in_the_minute_of_its_sign_up_follows_a_second_later(imported: Import) -> None:
    events, _, _ = imported("fraudecom", HEADER + ROWS.replace("4/18/15 2:47", "2/24/15 22:55"))
    signup, order = (event["event_time"] for event in events[:2])
    assert order - signup == 1_000
    assert signup // 60_000 == order // 60_000
