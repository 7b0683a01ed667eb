"""Values from a topic or a file become batches of events or labels; bad ones are named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from topics.checks import event_problems, label_problems
from topics.columns import EventBatch, LabelBatch, concatenated
from topics.deadletter import Bad
from topics.eventrows import event_batch
from topics.explain import explain
from topics.hashing import Tokens
from topics.labelrows import label_batch
from topics.plainevents import read_plain
from topics.records import Browse, Event, Label, Order, Review
from topics.shape import misshapen
from topics.vocabulary import EVENT_TYPES

MAX_BYTES: Final = 256 * 1024
MAX_AHEAD_MS: Final = 10 * 60 * 1000

Values = Sequence[bytes | None]
Stamps = Sequence[int] | NDArray[np.int64] | int

ANY_TYPE: Final = -1
"""Stands for no type where the code of one is asked for."""

_TYPES: Final = (Order, Browse, Review)
_CODES: Final[dict[Any, int]] = {record: code for code, record in enumerate(_TYPES)}


@dataclass(frozen=True, eq=False)
class DecodedEvents:
    """The good events in order, ``index`` int64 their positions in the input, and the bad rest."""

    batch: EventBatch
    index: NDArray[np.int64]
    bad: list[Bad]


@dataclass(frozen=True, eq=False)
class DecodedLabels:
    """The good labels in order, ``index`` int64 their positions in the input, and the bad rest."""

    batch: LabelBatch
    index: NDArray[np.int64]
    bad: list[Bad]


class Decoder:
    """Decodes and validates values as the contract says.

    ``max_bytes`` is the largest value read; ``max_ahead_ms`` how far a time may lie ahead of the
    record's timestamp. Without ``keeps_attributes`` events come without their free fields, which
    nobody asks for then; they are checked all the same. A bad value never hides or stops the good
    ones around it.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        max_bytes: int = MAX_BYTES,
        max_ahead_ms: int = MAX_AHEAD_MS,
        keeps_attributes: bool = True,
    ) -> None:
        self._keeps_attributes = keeps_attributes
        self._tokens = tokens
        self._max_bytes = max_bytes
        self._max_ahead_ms = max_ahead_ms
        self._events = {ANY_TYPE: msgspec.json.Decoder[Any](Order | Browse | Review)}
        for code, record in enumerate(_TYPES):
            self._events[code] = msgspec.json.Decoder(record)
        self._labels = msgspec.json.Decoder(Label)

    def events(
        self,
        values: Values,
        *,
        type_hint: str | NDArray[np.int8] | None = None,
        record_ms: Stamps | None = None,
        keys: Values | None = None,
    ) -> DecodedEvents:
        """Decode events.

        ``type_hint`` is the type that the topic implies; without it every event must name its
        own. It may also be int8[n], the type's code for each value, ANY_TYPE for none.
        ``record_ms`` is when each record was written, in epoch milliseconds (one number holds for
        all; None or a number below 1: unknown, nothing is in the future). ``keys`` are the records'
        keys, which must be the user_id; None: not checked.
        """
        hints = type_hint if isinstance(type_hint, np.ndarray) else _hints(type_hint, len(values))
        kept = self._keeps_attributes
        batch, plain = read_plain(values, hints, self._max_bytes, self._tokens, kept)
        index, bad = np.flatnonzero(plain), dict[int, Bad]()
        if len(index) < len(values):
            parts, places = [batch], [index]
            for code in np.unique(hints[~plain]).tolist():
                rest = np.flatnonzero(~plain & (hints == code))
                name = EVENT_TYPES[code] if code >= 0 else None
                others = [values[i] for i in rest.tolist()]
                records, at, refused = self._read(others, self._events[code], name)
                bad |= {
                    int(rest[i]): replace(one, position=int(rest[i])) for i, one in refused.items()
                }
                parts.append(self._batch(records))
                places.append(rest[at])
            index = np.concatenate(places)
            order = np.argsort(index)
            batch, index = concatenated(parts).take(order), index[order]
        found = event_problems(
            batch, _stamps(record_ms, index), _at(keys, index), self._max_ahead_ms
        )
        good, index = _without(found, batch, index, bad)
        if not kept:
            good = replace(good, attributes=[None] * len(good))
        return DecodedEvents(good, index, _in_order(bad))

    def labels(
        self, values: Values, *, record_ms: Stamps | None = None, keys: Values | None = None
    ) -> DecodedLabels:
        """Decode labels; the arguments are those of :meth:`events`."""
        records, index, bad = self._read(values, self._labels, None)
        batch = label_batch(records, self._tokens)
        found = label_problems(
            batch, _stamps(record_ms, index), _at(keys, index), self._max_ahead_ms
        )
        good, index = _without(found, batch, index, bad)
        return DecodedLabels(good, index, _in_order(bad))

    def _read(
        self, values: Values, decoder: msgspec.json.Decoder[Any], type_hint: str | None
    ) -> tuple[list[Any], NDArray[np.int64], dict[int, Bad]]:
        """Return the records whose types are right, their positions, and the bad rest."""
        bad = misshapen(values, self._max_bytes)
        if not bad:
            try:
                return list(map(decoder.decode, values)), np.arange(len(values)), bad  # type: ignore[arg-type]
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                pass  # Read again one by one, to tell the good from the bad.
        records, index = [], []
        for i, value in enumerate(values):
            if i in bad or value is None:
                continue
            try:
                records.append(decoder.decode(value))
                index.append(i)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                bad[i] = Bad(i, *explain(value, decoder, type_hint))
        return records, np.array(index, np.int64), bad

    def _batch(self, records: list[Event]) -> EventBatch:
        """Turn records into columns, type by type, and put them back into their order."""
        types = np.fromiter((_CODES[type(r)] for r in records), np.int64, len(records))
        present = np.unique(types).tolist()
        if len(present) == 1:
            return event_batch(records, present[0], self._tokens)
        parts = [np.flatnonzero(types == code) for code in present]
        batches = [
            event_batch([records[i] for i in part], code, self._tokens)
            for code, part in zip(present, parts, strict=True)
        ]
        joined = concatenated(batches)
        return joined.take(np.argsort(np.concatenate(parts))) if parts else joined


_Batch = TypeVar("_Batch", EventBatch, LabelBatch)


def _without(
    found: Iterable[Bad], batch: _Batch, index: NDArray[np.int64], bad: dict[int, Bad]
) -> tuple[_Batch, NDArray[np.int64]]:
    """Leave out the rows in which something was found, and add the first of it to ``bad``."""
    dropped: dict[int, Bad] = {}
    for problem in found:
        dropped.setdefault(problem.position, problem)
    if not dropped:
        return batch, index
    for row, problem in dropped.items():
        position = int(index[row])
        bad[position] = replace(problem, position=position)
    kept = np.setdiff1d(np.arange(len(index)), list(dropped))
    return batch.take(kept), index[kept]


def _hints(name: str | None, n: int) -> NDArray[np.int8]:
    return np.full(n, ANY_TYPE if name is None else EVENT_TYPES.index(name), np.int8)


def _in_order(bad: dict[int, Bad]) -> list[Bad]:
    return [bad[position] for position in sorted(bad)]


def _stamps(record_ms: Stamps | None, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the timestamps of the records at ``index``, 0 where unknown."""
    stamps = np.asarray(0 if record_ms is None else record_ms, np.int64)
    return np.full(len(index), stamps) if stamps.ndim == 0 else stamps[index]


def _at(keys: Values | None, index: NDArray[np.int64]) -> Values | None:
    if keys is None or len(keys) == len(index):
        return keys
    return [keys[i] for i in index.tolist()]
