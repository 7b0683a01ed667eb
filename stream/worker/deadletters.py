"""Dead letters: their records, and the limit beyond which a worker stops instead."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stream.worker.processor import Outgoing, RecordBatch
from topics.deadletter import Bad
from topics.errors import InputError
from topics.letters import encode_dead_letter, kept_key

WINDOW = 10_000
"""Offsets of one topic partition over which dead letters are counted."""

EXIT_CODE = 65
"""EX_DATAERR of sysexits.h: starting again helps only once somebody has looked at the records.

Each start counts anew, so that a worker that is started again and again drains the topic into the
dead letters after all, up to the limit each time.
"""


class DeadLettersError(InputError):
    """More of a partition's last `WINDOW` records than the limit cannot be processed."""


class DeadLetters:
    """Encodes the bad records of batches and refuses when a partition has too many.

    The records of a whole topic would otherwise drain into the dead letters when, say, a shop
    changes its format. The batch that goes over the limit is not acknowledged.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: dict[tuple[str, int], NDArray[np.int64]] = {}  # offsets, ascending

    def encode(
        self, batch: RecordBatch, bad: Sequence[Bad], now_ms: int
    ) -> tuple[Outgoing, Counter[str]]:
        """Return the dead letters, and how many there are by reason.

        Raises DeadLettersError if any `WINDOW` offsets in a row, ending in the batch, hold more
        than the limit.
        """
        if bad:
            self._count(batch, batch.offsets[[item.position for item in bad]])
        letters = Outgoing(
            "risk.deadletter",
            [kept_key(batch.keys[item.position]) for item in bad],
            [letter(batch, item, now_ms) for item in bad],
            np.full(len(bad), batch.partition),
        )
        return letters, Counter(item.reason for item in bad)

    def _count(self, batch: RecordBatch, bad: NDArray[np.int64]) -> None:
        where = (batch.topic, batch.partition)
        seen = self._seen.get(where, bad[:0])
        # What is known of the batch is of an earlier reading of it, or of an earlier topic.
        offsets = np.concatenate([seen[seen < batch.offsets[0]], np.sort(bad)])
        n_behind = np.searchsorted(offsets, offsets - WINDOW, side="right")
        n_within = np.arange(1, len(offsets) + 1) - n_behind
        most = int(n_within.argmax())
        if n_within[most] > self._limit:
            raise DeadLettersError(
                f"{n_within[most]} of the last {WINDOW:,} records of {batch.topic}, partition "
                f"{batch.partition}, up to offset {offsets[most]} cannot be processed, more than "
                f"the limit of {self._limit}; look at risk.deadletter, mend the producer or raise "
                "the limit"
            )
        self._seen[where] = offsets[offsets > offsets[-1] - WINDOW]


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
