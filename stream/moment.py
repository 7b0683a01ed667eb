"""A moment as a person writes it on the command line."""

from datetime import UTC, datetime, timedelta
from typing import Final

from topics.errors import InputError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_MS: Final = 16
"""The letters of a number of milliseconds; longer ones are no time and fit no int64."""


def moment_ms(text: str, flag: str) -> int:
    """Return epoch milliseconds of an RFC 3339 time, a date (its midnight UTC) or a number of them.

    Raises InputError naming the flag where ``text`` is none of these.

    >>> moment_ms("2018-07-25", "--from"), moment_ms("2018-07-25T02:00:00+02:00", "--from")
    (1532476800000, 1532476800000)
    >>> moment_ms("1532476800000", "--from")
    1532476800000
    """
    if text.removeprefix("-").isdecimal() and 8 < len(text) <= _LONGEST_MS:
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is not None and time.tzinfo is None and len(text) == 10:
        time = time.replace(tzinfo=UTC)
    if time is None or time.tzinfo is None:
        raise InputError(
            f"{flag} is {text!r}; it must be a date, a time with offset such as "
            "2018-07-25T00:00:00Z, or epoch milliseconds"
        )
    return (time - _EPOCH) // timedelta(milliseconds=1)
