"""Columns of the events to report by: what each event says under a name, as text."""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from stream.judging.judged import Segment
from stream.replay.spool import Spool
from topics.errors import InputError

MISSING: Final = -1


def read_columns(values: Sequence[bytes], names: Sequence[str]) -> dict[str, list[str | None]]:
    """Return what each event (JSON) has under each name; None where it has nothing.

    A name is that of a field (``channel``), of a field within it (``payment.method``), or of one of
    the event's attributes.

    >>> read_columns([b'{"channel": "app", "attributes": {"vip": true}}'], ["channel", "vip"])
    {'channel': ['app'], 'vip': ['true']}
    """
    events = [_read(value) for value in values]
    return {name: [_text(_found(event, name)) for event in events] for name in names}


def _read(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:  # a number beyond float64, where the decoder reads no field
        return json.loads(value, parse_int=float)


def _found(event: dict[str, Any], name: str) -> Any:
    value: Any = event
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    attributes = event.get("attributes")
    if value is None and isinstance(attributes, dict):
        value = attributes.get(name)
    return value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return f"{value:g}" if isinstance(value, float) else orjson.dumps(value).decode()


class Segments:
    """Collects columns of text as codes, slice by slice, on disk until the end."""

    def __init__(self, names: Sequence[str], spool: Spool) -> None:
        self._codes: dict[str, dict[str, int]] = {name: {} for name in names}
        self._spool, self._n = spool, 0

    def add(self, columns: dict[str, list[str | None]], at: NDArray[np.int64]) -> None:
        """Take the events of a slice at the positions ``at``."""
        picks = at.tolist()
        self._n += len(picks)
        for name, codes in self._codes.items():
            column = columns[name]
            found = (column[i] for i in picks)
            part = [MISSING if v is None else codes.setdefault(v, len(codes)) for v in found]
            self._spool.append(f"by {name}", np.array(part, np.int32))

    def found(self) -> dict[str, Segment]:
        """Return the columns; raises InputError for one that no event has."""
        for name, codes in self._codes.items():
            if self._n and not codes:
                raise InputError(
                    f"no reported event has the column {name}; give --by the name of a field, such "
                    "as channel or payment.method, or of an attribute"
                )
        return {
            name: Segment(self._spool.column(f"by {name}"), tuple(codes))
            for name, codes in self._codes.items()
        }
