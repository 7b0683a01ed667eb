"""What became known of a user and of the user's events."""

from typing import Any

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import MAX_LABELS, N_FRAUD_LABELS, N_LABELS, Z_LABELS, State
from stream.pipeline.panes import copy_row
from stream.pipeline.recents import TOKEN_MASK


@kernel
def apply_label(s: State, label: Any) -> Any:
    """Take a label in; return by how much the counts of labels and of fraud labels change.

    The newest ``known_at`` wins where several labels are about the same event (or the user).
    """
    target = np.int64(label.event & np.uint64(TOKEN_MASK))
    fraud = np.int64(label.is_fraud)
    for i in range(s.sizes[Z_LABELS]):
        if s.labels[i, 0] == target:
            if label.known_ms < s.labels[i, 1]:
                return 0, 0
            change = fraud - s.labels[i, 2]
            s.labels[i, 1] = label.known_ms
            s.labels[i, 2] = fraud
            s.life[N_FRAUD_LABELS] += change
            return 0, change
    n = s.sizes[Z_LABELS]
    if n == MAX_LABELS:
        for i in range(n - 1):
            copy_row(s.labels, i + 1, i)
        n -= 1
    s.labels[n, 0] = target
    s.labels[n, 1] = label.known_ms
    s.labels[n, 2] = fraud
    s.sizes[Z_LABELS] = n + 1
    s.life[N_LABELS] += 1
    s.life[N_FRAUD_LABELS] += fraud
    return 1, fraud
