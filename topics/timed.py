"""The records of a file or folder with their time and kind, ready to be sorted."""

from collections.abc import Callable, Iterator
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
_FAR_MS: Final = 1 << 62
_UNREADABLE: Final = (
    msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError, OverflowError,
)  # fmt: skip
_Time = Annotated[datetime, msgspec.Meta(tz=True)] | int


OnBad = Callable[[Path, int, str], None]
"""Takes the file, the line (of parquet the row) from 1, and what is wrong."""


class _Head(msgspec.Struct, gc=False):
    user_id: str
    type: str = ""
    label_id: str = ""
    event_time: _Time | None = None
    known_at: _Time | None = None


_head: Final = msgspec.json.Decoder(_Head)


def read_timed(path: Path, on_bad: OnBad | None = None) -> Iterator[Timed]:
    """Yield the records of ``path`` as they lie, with the time that sorts them and their tag.

    An event's time is its ``event_time`` and its tag the code of its ``type``; a label's time is
    its ``known_at``, since nobody can use it before, and its tag LABEL_TAG. Nothing else is
    checked. A record without these is left out and told to ``on_bad``; without that, InputError is
    raised with file and line.
    """
    for chunk in read_chunks(path):
        try:
            yield _timed(chunk.values)
        except _UNREADABLE:
            yield _timed(_without_bad(chunk, on_bad or _refuse))


def _timed(values: list[bytes]) -> Timed:
    heads = [_head.decode(value) for value in values]
    tags = [LABEL_TAG if head.label_id else _TAGS[head.type] for head in heads]
    times = [
        _ms(head.known_at if tag == LABEL_TAG else head.event_time)
        for head, tag in zip(heads, tags, strict=True)
    ]
    return Timed(np.array(times, np.int64), np.array(tags, np.uint8), values)


def _ms(time: datetime | int | None) -> int:
    if type(time) is int:
        return time
    return (time - _EPOCH) // _MS  # type: ignore[operator]


def _without_bad(chunk: Chunk, on_bad: OnBad) -> list[bytes]:
    good = []
    for line, value in zip(chunk.lines, chunk.values, strict=True):
        if (what := _problem(value)) is None:
            good.append(value)
        else:
            on_bad(chunk.path, line, what)
    return good


def _problem(value: bytes) -> str | None:
    """Say what keeps a record from having a time and a tag; None: nothing."""
    try:
        head = _head.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"the record cannot be read ({error})"
    if not head.label_id and head.type not in _TAGS:
        wanted = ", ".join(EVENT_TYPES)
        return f"type is {head.type!r}, not one of {wanted}, and no label_id"
    name = "known_at" if head.label_id else "event_time"
    time = getattr(head, name)
    if time is None:
        return f"{name} is missing"
    return None if abs(_ms(time)) < _FAR_MS else f"{name} is {time}, which is no time"


def _refuse(path: Path, line: int, what: str) -> None:
    raise InputError(f"{path}, line {line}: {what}; mend or remove the record")


class _Keyed(msgspec.Struct, gc=False):
    user_id: str


_keyed: Final = msgspec.json.Decoder(_Keyed)


def keys(values: list[bytes]) -> list[bytes]:
    """Return the Kafka key of each record, its ``user_id``.

    >>> keys([b'{"event_id": "1", "user_id": "u7"}'])
    [b'u7']
    """
    return [_keyed.decode(value).user_id.encode() for value in values]
