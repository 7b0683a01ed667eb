"""What a model learns from: events as they were when decided, and what became known of them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from topics.scores import ScoreInput


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """``n`` events with their outcomes; all members have the same length.

    ``label`` int8[n]: 1 fraud, 0 legitimate, -1 unknown. ``turned_bad`` int8[n]: 1 if the user
    turned bad later, 0 if not, -1 unknown. ``spend`` float32[n]: what the user spent in the days
    that followed, NaN unknown. ``time_ms`` int64[n] event time; ``user`` uint64[n].
    """

    x: ScoreInput
    label: NDArray[np.int8]
    turned_bad: NDArray[np.int8]
    spend: NDArray[np.float32]
    time_ms: NDArray[np.int64]
    user: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the rows at ``index``, in that order."""
        return type(self)(
            take(self.x, index),
            self.label[index],
            self.turned_bad[index],
            self.spend[index],
            self.time_ms[index],
            self.user[index],
        )

    def by_time(self) -> Self:
        """Return the rows in the order of event time."""
        return self.take(np.argsort(self.time_ms, kind="stable"))


def take(x: ScoreInput, index: NDArray[np.int64]) -> ScoreInput:
    """Return the events at ``index``, in that order."""
    return ScoreInput(
        x.rows[index],
        x.features[index],
        x.past[index],
        x.n_past[index],
        [x.texts[i] for i in index.tolist()],
    )
