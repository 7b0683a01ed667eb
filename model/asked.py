"""Rows that expected spend is learned from: every user, at regular moments."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Asked:
    """``n`` questions about users, and what these spent afterwards.

    ``habits`` float32[n, H] as `model.habits` has them at the moment of asking; ``spend``
    float32[n] within the horizon; ``user`` uint64[n]; ``time_ms`` int64[n] the moment.
    """

    habits: NDArray[np.float32]
    spend: NDArray[np.float32]
    user: NDArray[np.uint64]
    time_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.spend)

    def take(self, index: NDArray[np.int64]) -> Self:
        """Return the rows at ``index``, in that order."""
        return type(self)(
            self.habits[index], self.spend[index], self.user[index], self.time_ms[index]
        )
