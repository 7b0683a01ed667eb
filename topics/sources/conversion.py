"""What every source's converter takes and gives, and how it reads a cell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf, isfinite
from pathlib import Path
from typing import Any, Final, NamedTuple

from topics.errors import InputError

Record = dict[str, Any]
DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class Options:
    """A person's choices.

    ``label_kind``: what a sentiment of `reviews-zh` stands for as a label, one of the kinds of the
    contract; None: no labels. ``label_days``: days until a label is known, None: the source's own
    default.
    """

    label_kind: str | None = None
    label_days: float | None = None


@dataclass(frozen=True)
class Converted:
    """The events and labels of some rows, and how many rows or groups were left out, and why."""

    events: list[Record]
    labels: list[Record] = field(default_factory=list)
    left_out: Mapping[str, int] = field(default_factory=dict)


class Place(NamedTuple):
    """Where a row stands, for messages."""

    path: Path
    row: int


def identifier(value: Any) -> str:
    """Return an identity as text; a whole number that came as a float loses its point.

    >>> identifier(17850.0), identifier("17850.0"), identifier(" 22A"), identifier(5)
    ('17850', '17850', '22A', '5')
    """
    text = str(value).strip()
    head, point, tail = text.partition(".")
    return head if point and head.isdigit() and not tail.strip("0") else text


def known(value: Any, column: str, place: Place) -> str:
    """Return an identity as text; raises InputError where the cell is empty.

    >>> known(596.0, "CUSTOMER_ID", Place(Path("a.csv"), 3))
    '596'
    """
    if value is None or not (text := identifier(value)):
        raise bad_cell(value, column, place, "an identity")
    return text


def number(value: Any, column: str, place: Place) -> float:
    """Return a cell as a number; raises InputError where it is none.

    >>> number("2.55", "UnitPrice", Place(Path("a.csv"), 3))
    2.55
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = inf
    if not isfinite(found):
        raise bad_cell(value, column, place, "a number")
    return found


def whole(value: float) -> float | int:
    """Return ``value`` as an int where it is one, so that JSON shows 6 and not 6.0."""
    return int(value) if value.is_integer() else value


def time_ms(value: Any, column: str, place: Place, *patterns: str) -> int:
    """Return a cell as epoch milliseconds; a time without a zone is read as UTC.

    ``patterns`` are those of ``strptime`` to try where the cell is not ISO 8601. Raises InputError
    where none fits.

    >>> here = Place(Path("a.csv"), 3)
    >>> time_ms("2019-10-01 00:00:00 UTC", "event_time", here)
    1569888000000
    >>> time_ms("12/1/2010 8:26", "InvoiceDate", here, "%m/%d/%Y %H:%M")
    1291191960000
    """
    if isinstance(value, int):
        return value
    text = str(value).strip().removesuffix(" UTC")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = _by_pattern(text, patterns)  # type: ignore[assignment]
        if time is None:
            raise bad_cell(value, column, place, "a time") from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return round(time.timestamp() * 1000)


def _by_pattern(text: str, patterns: tuple[str, ...]) -> datetime | None:
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def bad_cell(value: Any, column: str, place: Place, wanted: str) -> InputError:
    """Return the error that names the cell and says what it should be."""
    where = f"{place.path}, row {place.row}"
    return InputError(f"{where}: {column} is {value!r}, not {wanted}; mend or remove the row")
