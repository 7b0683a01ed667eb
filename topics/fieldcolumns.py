"""Fields of decoded records as columns."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

Columns = dict[str, Sequence[Any]]
"""Field name to its values, one per record."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def columns_of(records: Sequence[Any]) -> Columns:
    """Turn records of one Struct type into columns; ``records`` must not be empty."""
    names = type(records[0]).__struct_fields__
    return dict(zip(names, zip(*map(astuple, records), strict=True), strict=True))


def milliseconds(times: Sequence[Any]) -> NDArray[np.int64]:
    """Return times (datetime, int or None) as epoch milliseconds, int64[n]; None is 0.

    >>> milliseconds([datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC), 5, None]).tolist()
    [1000, 5, 0]
    """
    try:
        return np.fromiter(times, np.int64, len(times))
    except TypeError:
        return np.array([_millisecond(time) for time in times], np.int64)


def _millisecond(time: datetime | int | None) -> int:
    return (time - _EPOCH) // _MILLISECOND if isinstance(time, datetime) else time or 0


def numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return numbers as float64[n], None as NaN."""
    return np.array(values, np.float64)


def present(values: Sequence[Any]) -> Sequence[str]:
    """Return texts with None as the empty text."""
    return [value or "" for value in values] if None in values else values
