"""The records of a file or folder with their time and kind, ready to be sorted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np

from topics.errors import InputError
from topics.files import Chunk, read_chunks
from topics.sorting import Timed
from topics.vocabulary import EVENT_TYPES

LABEL_TAG: Final = len(EVENT_TYPES)
"""The tag of a label; an event's tag is the code of its type."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_TAGS: Final = {name: code for code, name in enumerate(EVENT_TYPES)}
_Time = Annotated[datetime, msgspec.Meta(tz=True)] | int


class _Head(msgspec.Struct, gc=False):
    user_id: str
    type: str = ""
    label_id: str = ""
    event_time: _Time | None = None
    known_at: _Time | None = None


_head: Final = msgspec.json.Decoder(_Head)


def read_timed(path: Path) -> Iterator[Timed]:
    """Yield the records of ``path`` as they lie, with the time that sorts them and their tag.

    An event's time is its ``event_time`` and its tag the code of its ``type``; a label's time is
    its ``known_at``, since nobody can use it before, and its tag LABEL_TAG. Nothing else is
    checked. Raises InputError, with file and line, for a record without these.
    """
    for chunk in read_chunks(path):
        try:
            heads = [_head.decode(value) for value in chunk.values]
            tags = [LABEL_TAG if head.label_id else _TAGS[head.type] for head in heads]
            times = [
                _ms(head.known_at if tag == LABEL_TAG else head.event_time)
                for head, tag in zip(heads, tags, strict=True)
            ]
        except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError):
            raise _first_bad(chunk) from None
        yield Timed(np.array(times, np.int64), np.array(tags, np.uint8), chunk.values)


def _ms(time: datetime | int | None) -> int:
    if type(time) is int:
        return time
    return (time - _EPOCH) // _MS  # type: ignore[operator]


def _first_bad(chunk: Chunk) -> InputError:
    for line, value in zip(chunk.lines, chunk.values, strict=True):
        try:
            head = _head.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return _bad(chunk, line, f"the record cannot be read ({error})")
        if not head.label_id and head.type not in _TAGS:
            wanted = ", ".join(EVENT_TYPES)
            return _bad(chunk, line, f"type is {head.type!r}, not one of {wanted}, and no label_id")
        if (head.known_at if head.label_id else head.event_time) is None:
            name = "known_at" if head.label_id else "event_time"
            return _bad(chunk, line, f"{name} is missing")
    raise AssertionError("every record of the chunk can be read")


def _bad(chunk: Chunk, line: int, what: str) -> InputError:
    return InputError(f"{chunk.path}, line {line}: {what}; mend or remove the record")


class _Keyed(msgspec.Struct, gc=False):
    user_id: str


_keyed: Final = msgspec.json.Decoder(_Keyed)


def keys(values: list[bytes]) -> list[bytes]:
    """Return the Kafka key of each record, its ``user_id``.

    >>> keys([b'{"event_id": "1", "user_id": "u7"}'])
    [b'u7']
    """
    return [_keyed.decode(value).user_id.encode() for value in values]
