"""The last record about each thing in a topic: outputs may be repeated, and the last one counts."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from topics.consuming import read_topic
from topics.errors import InputError

Progress = Callable[[float], None]


def newest_records(
    brokers: str, topic: str, field: str, *, progress: Progress = lambda _: None
) -> Iterator[list[bytes]]:
    """Yield the last record for each value of ``field``, in the order of each partition.

    Records with the same value of ``field`` must share a partition, as everything keyed by user
    does. A tombstone ends what its key had before it where ``field`` is ``user_id``. The topic is
    read twice, and about 16 bytes a record are held in between. Raises InputError where the topic
    cannot be read or a record has no such field.
    """
    kept = _last_offsets(brokers, topic, field, progress)
    for taken in read_topic(brokers, topic):
        partitions = np.array(taken.partitions, np.int64)
        offsets = np.array(taken.offsets, np.int64)
        keep = np.zeros(len(offsets), np.bool_)
        for partition in np.unique(partitions).tolist():
            own = partitions == partition
            keep[own] = np.isin(offsets[own], kept.get(partition, ()))
        progress(len(offsets))
        yield [
            value
            for value, wanted in zip(taken.values, keep.tolist(), strict=True)
            if wanted and value is not None
        ]


def _last_offsets(
    brokers: str, topic: str, field: str, progress: Progress
) -> dict[int, NDArray[np.int64]]:
    """Return, per partition, the offsets of the records to keep, ascending."""
    decode = _decoder_of(field)
    things: dict[int, array[int]] = defaultdict(lambda: array("Q"))
    offsets: dict[int, array[int]] = defaultdict(lambda: array("q"))
    for taken in read_topic(brokers, topic):
        columns = zip(taken.partitions, taken.offsets, taken.keys, taken.values, strict=True)
        for partition, offset, key, value in columns:
            if value is None:
                if field != "user_id" or key is None:
                    continue
                thing = key
            else:
                try:
                    thing = decode(value).thing.encode()
                except msgspec.MsgspecError as error:
                    raise InputError(
                        f"{topic} has a record without {field} at partition {partition}, "
                        f"offset {offset} ({error}); it is none of ours"
                    ) from error
            things[partition].append(_hash(thing))
            offsets[partition].append(offset)
        progress(len(taken.offsets))
    return {partition: _last(things[partition], offsets[partition]) for partition in things}


def _decoder_of(field: str) -> Callable[[bytes], Any]:
    named: Final = msgspec.defstruct("Named", [("thing", str)], rename={"thing": field}, gc=False)
    return msgspec.json.Decoder(named).decode


def _hash(thing: bytes) -> int:
    return int.from_bytes(blake2b(thing, digest_size=8).digest(), "little")


def _last(things: "array[int]", offsets: "array[int]") -> NDArray[np.int64]:
    backwards = np.frombuffer(things, np.uint64)[::-1]
    _, first = np.unique(backwards, return_index=True)
    return np.sort(np.frombuffer(offsets, np.int64)[::-1][first])
