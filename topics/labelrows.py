"""Label records become columns."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from topics.columns import LABEL, LabelBatch
from topics.fieldcolumns import columns_of, milliseconds, numbers, present
from topics.hashing import Tokens
from topics.records import Label
from topics.vocabulary import LABEL_KINDS

_KIND: Final = {word: code for code, word in enumerate(LABEL_KINDS)}


def label_batch(records: Sequence[Label], tokens: Tokens) -> LabelBatch:
    """Return label records as a batch, in their order."""
    rows = np.zeros(len(records), LABEL)
    if not records:
        return LabelBatch(rows, [], [], [], [])
    columns = columns_of(records)
    rows["user"] = tokens.many(list(columns["user_id"]))
    rows["event"] = tokens.many(list(present(columns["event_id"])))
    rows["label"] = tokens.many(list(columns["label_id"]))
    rows["time_ms"] = milliseconds(columns["event_time"])
    rows["known_ms"] = milliseconds(columns["known_at"])
    rows["amount"] = numbers(columns["amount"])
    rows["kind"] = [_KIND[word] for word in columns["kind"]]
    rows["is_fraud"] = columns["is_fraud"]
    return LabelBatch(
        rows,
        list(columns["label_id"]),
        list(columns["user_id"]),
        [event_id or None for event_id in columns["event_id"]],
        [scenario or None for scenario in columns["scenario"]],
    )
