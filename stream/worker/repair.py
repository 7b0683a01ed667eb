"""Writes to the changelog again what a paused former owner has overwritten there."""

import logging
import time

from stream.worker.partition import advanced
from stream.worker.producer import Producer
from stream.worker.states import States

log = logging.getLogger(__name__)


async def repair(states: States, producer: Producer, changelog: str) -> None:
    """Give every key whose last changelog record lost at recovery its stored value there again.

    Compaction keeps the last record of a key: without this it would in time be the stale one, and
    a recovery into an empty folder would find nothing that outweighs it. Raises KafkaError.
    """
    for number, keys in states.outweighed().items():
        store = states.partition(number)
        now_ms = time.time_ns() // 1_000_000
        built = producer.build(changelog, number, keys, store.get_many(keys), now_ms)
        sent = await producer.send(built)
        store.repaired(keys, advanced(store.position, sent))
        log.warning(
            "A former owner of partition %d had overwritten %d states in %s; they are mended",
            number, len(keys), changelog,
        )  # fmt: skip
