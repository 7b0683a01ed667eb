"""``fraudecom`` of the Fraud Dataset Benchmark: sign-up and first purchase of a web shop's users.

One row becomes two events: a browse event ``signup`` and an order ``placed``, both with device and,
where known, IP address; marketing source, browser, sex and age are attributes. Every order has a
label, fraud or legitimate. When it became known the set does not say: 30 days after the purchase is
assumed, the usual time for a chargeback, unless said otherwise.

Times have no zone and are read as UTC. Some editions give minutes only, so that a whole burst
shares one moment: there the second is made up, from a hash of the user, and a purchase in the
minute of its sign-up follows a second later, as it does in the editions with seconds. The set
states no currency: USD is written. An IP address given as a number becomes its dotted form.

Source: github.com/amazon-science/fraud-dataset-benchmark; Kaggle's "Fraud_Data.csv" (the same
table) is understood too.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from topics.sources.conversion import (
    DAY_MS,
    Converted,
    Options,
    Place,
    Record,
    bad_cell,
    known,
    number,
    time_ms,
    whole,
)
from topics.sources.table import Column, read_table

_COLUMNS: Final = (
    Column("user_id"),
    Column("signup_time"),
    Column("purchase_time"),
    Column("purchase_value"),
    Column("device_id"),
    Column("class", ("EVENT_LABEL",)),
    Column("ip_address", required=False),
    Column("source", required=False),
    Column("browser", required=False),
    Column("sex", required=False),
    Column("age", required=False),
)
_PATTERNS: Final = ("%m/%d/%y %H:%M", "%m/%d/%Y %H:%M")
_LABEL_DAYS: Final = 30.0


def convert(path: Path, options: Options) -> Iterator[Converted]:
    """Yield a sign-up, an order and a label per row; raises InputError for a broken table."""
    days = _LABEL_DAYS if options.label_days is None else options.label_days
    delay_ms = round(days * DAY_MS)
    for file, first, rows in read_table(path, _COLUMNS):
        events: list[Record] = []
        labels: list[Record] = []
        for row, values in enumerate(rows, first):
            signup, order = _events(values, Place(file, row))
            is_fraud = number(values[5], "class", Place(file, row)) != 0
            events += signup, order
            labels.append(
                {
                    "label_id": f"{order['event_id']}-label",
                    "user_id": order["user_id"],
                    "kind": "fraud" if is_fraud else "legitimate",
                    "is_fraud": is_fraud,
                    "event_id": order["event_id"],
                    "event_time": order["event_time"],
                    "known_at": order["event_time"] + delay_ms,
                    "source": "fraudecom",
                    "amount": order["amount"],
                }
            )
        yield Converted(events, labels)


def _events(values: tuple[Any, ...], place: Place) -> tuple[Record, Record]:
    user, signed, bought, amount, device, _, ip, source, browser, sex, age = values
    user_id = known(user, "user_id", place)
    signed_ms = time_ms(signed, "signup_time", place, *_PATTERNS)
    bought_ms = time_ms(bought, "purchase_time", place, *_PATTERNS)
    if _has_no_seconds(signed) and _has_no_seconds(bought):
        second_ms = 1_000 * (crc32(user_id.encode()) % 59)
        same_minute = bought_ms == signed_ms
        signed_ms += second_ms
        bought_ms += second_ms + (1_000 if same_minute else 0)
    shared: Record = {"user_id": user_id, "account_created_at": signed_ms}
    if device is not None:
        shared["device_id"] = str(device)
    if ip is not None:
        shared["ip"] = _dotted(ip, place)
    attributes = {"source": source, "browser": browser, "sex": sex}
    shared["attributes"] = {name: str(value) for name, value in attributes.items() if value}
    if age is not None:
        shared["attributes"]["age"] = whole(number(age, "age", place))
    signup = {
        "type": "browse",
        "event_id": f"fraudecom-{user_id}-signup",
        "event_time": signed_ms,
        "action": "signup",
        **shared,
    }
    order = {
        "type": "order",
        "event_id": f"fraudecom-{user_id}-order",
        "event_time": bought_ms,
        "order_id": f"fraudecom-{user_id}",
        "status": "placed",
        "amount": number(amount, "purchase_value", place),
        "currency": "USD",
        **shared,
    }
    return signup, order


def _has_no_seconds(time: Any) -> bool:
    return isinstance(time, str) and time.count(":") == 1


def _dotted(ip: Any, place: Place) -> str:
    """Return an address given as a number (with a fraction, as published) in dotted form."""
    if isinstance(ip, str) and ip.count(".") == 3:
        return ip
    value = int(number(ip, "ip_address", place))
    if not 0 <= value < 1 << 32:
        raise bad_cell(ip, "ip_address", place, "an IPv4 address")
    return str(IPv4Address(value))
