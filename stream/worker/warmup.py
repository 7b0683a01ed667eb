"""Running everything once before the first real batch, so that none waits for a compiler.

The loops over events are compiled on their first call on a machine, which takes half a minute of
one core and more on a busy one: longer than a consumer group or the watchdog waits.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import orjson

from stream.worker.entities import EntityStore
from stream.worker.processor import SOURCES, Processor, RecordBatch

_USER: Final[dict[str, Any]] = {"event_id": "e", "user_id": "u", "event_time": 1_700_000_000_000}
_RECORDS: Final[tuple[dict[str, Any], ...]] = (
    {"order_id": "o", "status": "placed", "amount": 1.0, "currency": "EUR"},
    {"action": "view"},
    {"review_id": "r", "rating": 5, "text": "text"},
    {"label_id": "l", "kind": "fraud", "is_fraud": True, "known_at": 1_700_000_000_000},
)
"""A made-up record for each input topic, beside `_USER`."""


class _Nothing:
    """A store that holds nothing, for the time before the worker's own is open."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [None] * len(keys)


def warm_up(processor: Processor, entities: EntityStore) -> None:
    """Take a made-up record of each topic through the processor and forget what came of it.

    ``entities`` is to be opened with its own store after this.
    """
    entities.open(_Nothing())
    for source, (topic, record) in enumerate(zip(SOURCES, _RECORDS, strict=True)):
        batch = RecordBatch(
            topic, source, 0, np.zeros(1, np.int64), np.zeros(1, np.int64),
            [b"u"], [orjson.dumps(_USER | record)],
        )  # fmt: skip
        prepared = processor.read(batch)
        processor.run(prepared, [None], np.full(len(prepared.keys), -1, np.int64))
    entities.apply([])
