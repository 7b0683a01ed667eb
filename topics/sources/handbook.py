"""The simulated card payments of the Fraud Detection Handbook (chapter 3).

One transaction becomes one order ``placed`` of the customer at the terminal, which stands as the
seller, paid by card. Every transaction has a label, fraud or legitimate, that becomes known 7 days
later (the delay of the book's protocol); ``scenario`` is TX_FRAUD_SCENARIO where it is not 0.

Times have no zone and are read as UTC. The set states no currency: EUR is written. Customers and
terminals keep their numbers.

Source: the book's "simulated-data-transformed" or "-raw" tables; it publishes pickles, which are
not read here, since opening a pickle runs code: give them as parquet or CSV.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from topics.sources.conversion import (
    DAY_MS,
    Converted,
    Options,
    Place,
    Record,
    identifier,
    known,
    number,
    time_ms,
)
from topics.sources.table import Column, read_table

_COLUMNS: Final = (
    Column("TRANSACTION_ID"),
    Column("TX_DATETIME"),
    Column("CUSTOMER_ID"),
    Column("TERMINAL_ID"),
    Column("TX_AMOUNT"),
    Column("TX_FRAUD"),
    Column("TX_FRAUD_SCENARIO", required=False),
)
_LABEL_DAYS: Final = 7.0


def convert(path: Path, options: Options) -> Iterator[Converted]:
    """Yield one order and one label per transaction; raises InputError for a broken table."""
    days = _LABEL_DAYS if options.label_days is None else options.label_days
    delay_ms = round(days * DAY_MS)
    for file, first, rows in read_table(path, _COLUMNS):
        events: list[Record] = []
        labels: list[Record] = []
        for row, (tx, time, customer, terminal, amount, fraud, scenario) in enumerate(rows, first):
            place = Place(file, row)
            event_id = f"handbook-{known(tx, 'TRANSACTION_ID', place)}"
            user_id = known(customer, "CUSTOMER_ID", place)
            at_ms = time_ms(time, "TX_DATETIME", place)
            is_fraud = number(fraud, "TX_FRAUD", place) != 0
            events.append(
                {
                    "type": "order",
                    "event_id": event_id,
                    "user_id": user_id,
                    "event_time": at_ms,
                    "order_id": event_id,
                    "status": "placed",
                    "amount": number(amount, "TX_AMOUNT", place),
                    "currency": "EUR",
                    "seller_id": known(terminal, "TERMINAL_ID", place),
                    "payment": {"method": "card"},
                }
            )
            label: Record = {
                "label_id": f"{event_id}-label",
                "user_id": user_id,
                "kind": "fraud" if is_fraud else "legitimate",
                "is_fraud": is_fraud,
                "event_id": event_id,
                "event_time": at_ms,
                "known_at": at_ms + delay_ms,
                "source": "handbook",
            }
            if scenario is not None and (name := identifier(scenario)) != "0":
                label["scenario"] = name
            labels.append(label)
        yield Converted(events, labels)
