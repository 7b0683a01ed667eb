"""The records of ``risk.deadletter``."""

import base64
import binascii
from typing import Final

import msgspec
import orjson
from msgspec import Struct

from topics.deadletter import Bad, Reason
from topics.errors import InputError


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A record that could not be processed, why, and where it came from.

    ``key`` and ``value`` are as received; ``failed_at_ms`` is the wall clock.
    """

    reason: Reason
    detail: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    failed_at_ms: int


def encode_dead_letter(
    bad: Bad,
    *,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    failed_at_ms: int,
) -> bytes:
    """Return the JSON of one dead letter, with key and value in base64.

    >>> bad = Bad(0, "not_json", "The value is cut off.")
    >>> letter = encode_dead_letter(bad, topic="shop.browse", partition=1, offset=5, key=b"u",
    ...                             value=b"{", failed_at_ms=9)
    >>> read_dead_letter(letter).value
    b'{'
    """
    return orjson.dumps(
        {
            "reason": bad.reason,
            "detail": bad.detail,
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "key": _base64(key),
            "value": _base64(value),
            "failed_at_ms": failed_at_ms,
        }
    )


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


_READ: Final = msgspec.json.Decoder(DeadLetter)


def read_dead_letter(value: bytes) -> DeadLetter:
    """Read a record of ``risk.deadletter``; raises InputError if it is none."""
    try:
        return _READ.decode(value)
    except (msgspec.MsgspecError, binascii.Error) as error:
        raise InputError(f"A record of risk.deadletter cannot be read: {error}.") from error
