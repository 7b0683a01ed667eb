"""Events and labels as rows of parquet.

Parquet wants one type per column, JSON records do not. What the columns of the contract can hold
goes there; every other field of a record (unknown, or of another type) goes as JSON into the text
column ``more``. Reading puts all of it back, so that nothing is lost but how a time was written.
"""

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

from topics.jsonlines import Record
from topics.parquet import TableWriter

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = pa.timestamp("ms", "UTC")
_ITEM: Final = {
    "sku": pa.string(),
    "name": pa.string(),
    "category": pa.string(),
    "quantity": pa.float64(),
    "unit_price": pa.float64(),
}
_PAYMENT: Final = {"method": pa.string(), "instrument_id": pa.string()}
# fmt: off
_TEXTS: Final = [
    "type", "event_id", "user_id", "session_id", "device_id", "ip", "channel", "order_id", "status",
    "currency", "seller_id", "shipping_address_id", "billing_address_id", "description", "action",
    "sku", "category", "query", "review_id", "text", "title", "label_id", "kind", "source",
    "scenario",
]
# fmt: on
_NUMBERS: Final = ["amount", "price", "dwell_ms"]
_COUNTS: Final = ["rating", "helpful_votes"]
_FLAGS: Final = ["verified_purchase", "is_fraud"]
_TIMES: Final = ["event_time", "account_created_at", "known_at"]

_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in _TEXTS]
    + [(name, pa.float64()) for name in _NUMBERS]
    + [(name, pa.int64()) for name in _COUNTS]
    + [(name, pa.bool_()) for name in _FLAGS]
    + [(name, _TIME) for name in _TIMES]
    + [("items", pa.list_(pa.struct(list(_ITEM.items()))))]
    + [("payment", pa.struct(list(_PAYMENT.items()))), ("attributes", pa.string())]
    + [("more", pa.string())]
)


class RecordWriter(TableWriter):
    """Writes events and labels, one row each, in the columns of the contract and ``more``."""

    def __init__(self, path: Path, *, n_rows: int = 16384) -> None:
        super().__init__(path, _SCHEMA)
        self._n_rows = n_rows
        self._held: list[dict[str, Any]] = []

    def write(self, records: Iterable[Record | bytes]) -> None:
        """Append records: objects, or their JSON as bytes."""
        for record in records:
            self._held.append(
                _columns(orjson.loads(record) if isinstance(record, bytes) else record)
            )
            if len(self._held) >= self._n_rows:
                self._flush()

    def _flush(self) -> None:
        if self._held:
            self.write_table(pa.Table.from_pylist(self._held, schema=_SCHEMA))
            self._held = []

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._flush()
        except BaseException as error:
            kind = type(error)
            raise
        finally:
            super().__exit__(kind, *rest)


def _columns(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for name, value in record.items():
        fit = _FITS.get(name)
        if fit is None or (fitted := fit(value)) is None:
            more[name] = value
        else:
            row[name] = fitted
    if more:
        row["more"] = orjson.dumps(more).decode()
    return row


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and abs(value) < 1 << 53 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    return value if type(value) is int and abs(value) < 1 << 62 else None


def _time(value: Any) -> int | None:
    """Return epoch milliseconds of a number of them or of an RFC 3339 text."""
    if isinstance(value, str) and len(value) >= 20 and value[10] in "Tt ":
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return None
        if time.tzinfo is None or time.microsecond % 1000:
            return None
        return (time - _EPOCH) // timedelta(milliseconds=1)
    return _count(value)


def _parts(kinds: dict[str, pa.DataType]) -> Callable[[Any], dict[str, Any] | None]:
    def fit(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, dict) or not value.keys() <= kinds.keys():
            return None
        fitted = {
            name: _text(part) if kinds[name] == pa.string() else _number(part)
            for name, part in value.items()
        }
        return None if None in fitted.values() else fitted

    return fit


_item: Final = _parts(_ITEM)


def _items(value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        return None
    fitted = [_item(item) for item in value]
    return None if None in fitted else [item for item in fitted if item is not None]


def _object(value: Any) -> str | None:
    return orjson.dumps(value).decode() if isinstance(value, dict) else None


_FITS: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_FLAGS, _flag),
    **dict.fromkeys(_TIMES, _time),
    "items": _items,
    "payment": _parts(_PAYMENT),
    "attributes": _object,
}
