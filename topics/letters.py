"""The records of ``risk.deadletter``."""

import base64
import binascii
from typing import Final

import msgspec
import orjson
from msgspec import Struct

from topics.deadletter import Bad, Reason
from topics.errors import InputError

KEPT_KEY_BYTES: Final = 128 << 10
KEPT_VALUE_BYTES: Final = 1_048_588
"""What a letter keeps of a value: as much as a broker takes by default (`message.max.bytes`).

Base64 makes it a third longer; with the key, once as it is and once in base64, a letter stays below
the 2 MiB that `risk.deadletter` takes.
"""


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

    Of a key or a value that is too long for a letter the beginning is kept, and ``detail`` says so;
    the whole record stays at its topic, partition and offset.

    >>> bad = Bad(0, "not_json", "The value is cut off.")
    >>> letter = encode_dead_letter(bad, topic="shop.browse", partition=1, offset=5, key=b"u",
    ...                             value=b"{", failed_at_ms=9)
    >>> read_dead_letter(letter).value
    b'{'
    """
    return orjson.dumps(
        {
            "reason": bad.reason,
            "detail": bad.detail
            + _shortened("key", key, KEPT_KEY_BYTES)
            + _shortened("value", value, KEPT_VALUE_BYTES),
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "key": _base64(kept_key(key)),
            "value": _base64(None if value is None else value[:KEPT_VALUE_BYTES]),
            "failed_at_ms": failed_at_ms,
        }
    )


def kept_key(key: bytes | None) -> bytes | None:
    """Return as much of a bad record's key as its letter keeps.

    >>> kept_key(b"u7"), len(kept_key(bytes(10**6)))
    (b'u7', 131072)
    """
    return None if key is None else key[:KEPT_KEY_BYTES]


def _shortened(what: str, data: bytes | None, most: int) -> str:
    if data is None or len(data) <= most:
        return ""
    return f" Of the {what}'s {len(data)} bytes the first {most} are kept here."


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


_READ: Final = msgspec.json.Decoder(DeadLetter)


def read_dead_letter(value: bytes) -> DeadLetter:
    """Read a record of ``risk.deadletter``; raises InputError if it is none."""
    try:
        return _READ.decode(value)
    except (msgspec.MsgspecError, binascii.Error) as error:
        raise InputError(f"A record of risk.deadletter cannot be read: {error}.") from error
