"""Compiles a worker's kernels before it joins its group, where a minute would look like a hang.

`python -m stream.warm` does the same after an installation; the result is cached on disk.
"""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
import orjson

from stream.settings import Settings
from stream.worker.build import build_processor
from stream.worker.envelope import new_headers
from stream.worker.linksink import LinkRecord, LinkSink
from stream.worker.newest import weigh
from stream.worker.processor import SOURCES, Processor, RecordBatch

TIME_MS: Final = 1_700_000_000_000
ORDER: Final = {
    "event_id": "e1", "user_id": "u", "event_time": TIME_MS, "order_id": "o", "status": "placed",
    "amount": 12.5, "currency": "EUR", "device_id": "d", "ip": "192.0.2.1", "seller_id": "s",
    "shipping_address_id": "a", "billing_address_id": "b", "session_id": "v",
    "payment": {"method": "card", "instrument_id": "c"},
    "items": [{"sku": "k", "category": "shoes", "quantity": 1, "unit_price": 12.5}],
}  # fmt: skip
BROWSE: Final = {
    "event_id": "e2", "user_id": "u", "event_time": TIME_MS + 1, "action": "view", "sku": "k",
    "price": 12.5, "device_id": "d",
}  # fmt: skip
REVIEW: Final = {
    "event_id": "e3", "user_id": "u", "event_time": TIME_MS + 2, "review_id": "r", "rating": 5,
    "text": "Fits well, 很好", "seller_id": "s", "device_id": "d",
}  # fmt: skip
LABEL: Final = {
    "label_id": "l", "user_id": "u", "event_id": "e1", "kind": "fraud", "is_fraud": True,
    "event_time": TIME_MS, "known_at": TIME_MS + 3, "source": "warm",
}  # fmt: skip


class _Memory:
    """What the links of the warm-up leave behind, thrown away afterwards."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes | None] = {}

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self.values.get(key) for key in keys]

    def keys(self, prefix: bytes) -> list[bytes]:
        return [key for key in self.values if key.startswith(prefix)]


def warm_up(processor: Processor, links: LinkSink) -> None:
    """Send a few records through both, twice, so that known users and entities occur too.

    Neither keeps anything of it: the processor has no state, and ``links`` forgets what it knows
    when the worker opens its store.
    """
    _warm_recovery()
    memory = _Memory()
    links.open(memory)
    state: bytes | None = None
    for offset in (0, 1):
        for source, record in enumerate((ORDER, BROWSE, REVIEW, LABEL)):
            again = record | {"event_id": f"{record['event_id']}-{offset}"}
            prepared = processor.read([_batch(source, offset, orjson.dumps(again))])
            applied = np.full((1, len(SOURCES)), offset - 1, np.int64)
            outcome = processor.run(prepared, [state], applied)
            state = outcome.states[0]
            for told in filter(None, outcome.links):
                link = LinkRecord(0, 4 * offset + source, source, 0, offset - 1, told)
                memory.values.update(links.apply([link]))


def _warm_recovery() -> None:
    """Compile what recovery needs, with a record that there is nothing to compare with."""
    one, yes = new_headers(1), np.ones(1, np.bool_)
    weigh(np.zeros(1, np.int64), one, ~yes, one, ~yes)


def _batch(source: int, offset: int, value: bytes) -> RecordBatch:
    at, time_ms = np.array([offset], np.int64), np.array([TIME_MS + 10], np.int64)
    return RecordBatch(SOURCES[source], source, 0, at, time_ms, [b"u"], [value])


def main() -> None:
    """Compile what a worker without a model needs, and say how long it took."""
    began = time.monotonic()
    warm_up(*build_processor(Settings(scoring="none")))
    print(f"Compiled the kernels in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
