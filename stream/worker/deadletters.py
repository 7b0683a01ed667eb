"""Dead letters: their records, and the limit beyond which a worker stops instead."""

from collections import Counter, deque
from collections.abc import Sequence

from stream.worker.processor import RecordBatch
from topics.deadletter import Bad
from topics.errors import InputError
from topics.letters import encode_dead_letter

WINDOW = 10_000
"""Records of one topic partition over which dead letters are counted."""


class DeadLetters:
    """Encodes the bad records of batches and refuses when a partition has too many.

    The records of a whole topic would otherwise drain into the dead letters when, say, a shop
    changes its format. The batch that goes over the limit is not acknowledged.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: dict[tuple[str, int], deque[tuple[int, int]]] = {}

    def encode(
        self, batch: RecordBatch, bad: Sequence[Bad], now_ms: int
    ) -> tuple[list[tuple[bytes | None, bytes]], Counter[str]]:
        """Return (key, value) of each dead letter, and how many there are by reason.

        Raises InputError if the last `WINDOW` records of the partition hold more than the limit.
        """
        self._count(batch, len(bad))
        letters = [(batch.keys[item.position], letter(batch, item, now_ms)) for item in bad]
        return letters, Counter(item.reason for item in bad)

    def _count(self, batch: RecordBatch, n_bad: int) -> None:
        recent = self._seen.setdefault((batch.topic, batch.partition), deque())
        recent.append((len(batch), n_bad))
        while sum(n for n, _ in recent) - recent[0][0] >= WINDOW:
            recent.popleft()
        total = sum(n for _, n in recent)
        if n_bad and total > self._limit:
            raise InputError(
                f"{total} of the last records of {batch.topic}, partition {batch.partition}, up to "
                f"offset {batch.offsets[-1]} cannot be processed, more than the limit of "
                f"{self._limit}; look at risk.deadletter, mend the producer or raise the limit"
            )


def letter(batch: RecordBatch, bad: Bad, now_ms: int) -> bytes:
    """Return the record for one bad record of a batch."""
    return encode_dead_letter(
        bad,
        topic=batch.topic,
        partition=batch.partition,
        offset=int(batch.offsets[bad.position]),
        key=batch.keys[bad.position],
        value=batch.values[bad.position],
        failed_at_ms=now_ms,
    )
