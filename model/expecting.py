"""Expected spend of users as a model's scorer tells it, at their events and between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.artifact import Arrays
from model.habits import habits
from model.spending import Spending
from topics.scores import ScoreInput


@dataclass(frozen=True, eq=False)
class Expectation:
    """What users spend within ``horizon_days`` of a moment, told from the features ``names``."""

    spending: Spending
    names: list[str]
    horizon_days: float

    def mean(self, x: ScoreInput) -> NDArray[np.float64]:
        """Return the expected spend from right after each event on, float64[n], in currency."""
        return self.spending.mean(habits(x, self.names, self.horizon_days))

    def median(self, x: ScoreInput) -> NDArray[np.float64]:
        """Return the spend that half of such users exceed, float64[n], in currency."""
        return self.spending.median(habits(x, self.names, self.horizon_days))


def expectation_from(
    arrays: Mapping[str, Arrays], names: Sequence[str], horizon_days: float
) -> Expectation | None:
    """Rebuild it from the arrays of a model folder; None where that learned of no spend."""
    if "spending" not in arrays:
        return None
    return Expectation(Spending.from_arrays(arrays["spending"]), list(names), horizon_days)
