"""Expected spend from habits: boosted trees that may only rise with spending, and a line.

Trees cannot tell of more than they have seen, and a shop's largest customers spend more than that.
So trees say where a user stands, a line in logarithms says what that is worth, and beyond twice
the mean past spending counts directly. How soon a customer is expected to order again
(`model.returning`) counts in that line too: it knows of silences that no row of training had.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from model.habits import AT, RISING
from model.returning import Returning
from model.trees import Trees

Array = NDArray[np.float64]

MIN_ROWS: Final = 200
"""Fewer rows with a known spend teach nothing."""

UNIT_SHARE: Final = 0.02
"""Of the mean spend: what differs by less is about the same."""

LARGE: Final = 2.0
"""Mean spends from which past spending counts once more."""

MAX_TREES: Final = 100
N_FOLDS: Final = 3
_PACES: Final = (("net_one", 1.0), ("net_two", 2.0), ("rate", 1.0))
_RARELY: Final = 1e-4
"""Orders a day that are about none."""

_POWER: Final = 1.5
_RIDGE: Final = 30.0


@dataclass(frozen=True, eq=False)
class Spending:
    """What users are expected to spend within the horizon, from `model.habits`.

    ``place`` says the mean of log(1 + spend / ``unit``), ``middle`` its median. ``weights``
    float64[7] make the logarithm of the mean spend from 1, the place, the logarithm of all past
    spending, those of three paces of spending, per horizon, as far as they exceed ``large``, and
    that of the orders a day that ``returning`` expects.
    """

    place: Trees
    middle: Trees
    returning: Returning
    weights: Array
    unit: float
    large: float

    @classmethod
    def fit(
        cls, habits: NDArray[np.float32], spend: NDArray[np.float32], user: NDArray[np.uint64],
        *, seed: int,
    ) -> Self | None:  # fmt: skip
        """Learn from float32[n, H] and what was spent, float32[n]; None: too few or no spend.

        ``user`` uint64[n] says whose rows they are: how many trees, and what they are worth, is
        found on users that did not teach them.
        """
        known = np.isfinite(spend)
        x, paid, user = habits[known], spend[known].astype(np.float64), user[known]
        mean = float(paid.mean()) if len(paid) else 0.0
        fold = _folds(user)
        if len(paid) < MIN_ROWS or mean <= 0 or len(np.unique(fold)) < N_FOLDS:
            return None
        unit, large = UNIT_SHARE * mean, LARGE * mean
        size = np.log1p(paid / unit)
        place, held = _stacked(x, size, fold, "squared_error", seed)
        middle, _ = _stacked(x, size, fold, "absolute_error", seed)
        returning = Returning.fit(x, seed=seed)
        weights = _weights(_terms(x, held, returning, unit, large), paid, mean)
        return cls(place, middle, returning, weights, unit, large)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all members as arrays, to be saved."""
        parts = {"place": self.place, "middle": self.middle}
        trees = {f"{p}.{key}": a for p, t in parts.items() for key, a in t.arrays().items()}
        units = np.array([self.unit, self.large])
        return trees | {
            "returning": self.returning.array(),
            "weights": self.weights,
            "units": units,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Rebuild it from what `arrays` returned."""
        place, middle = (
            Trees.from_arrays(
                {key.removeprefix(p): a for key, a in arrays.items() if key.startswith(p)}
            )
            for p in ("place.", "middle.")
        )
        unit, large = arrays["units"].tolist()
        returning = Returning.from_array(arrays["returning"])
        return cls(place, middle, returning, arrays["weights"], unit, large)

    def told(self) -> dict[str, Any]:
        """Return its sizes and weights for people to read."""
        return {
            "trees": [len(self.place.root), len(self.middle.root)],
            "returning": [round(number, 4) for number in self.returning.array().tolist()],
            "weights": [round(weight, 4) for weight in self.weights.tolist()],
        }

    def mean(self, habits: NDArray[np.float32]) -> Array:
        """Return the expected spend within the horizon, float64[n] above 0, in currency."""
        place = self.place.total(habits)
        terms = _terms(habits, place, self.returning, self.unit, self.large)
        found: Array = np.exp(np.clip(terms @ self.weights, -30, 30))
        return found

    def median(self, habits: NDArray[np.float32]) -> Array:
        """Return the spend that as many users fall short of as exceed, float64[n], at least 0."""
        found: Array = self.unit * np.expm1(np.maximum(self.middle.total(habits), 0))
        return found


def _folds(user: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (user >> np.uint64(40)) % np.uint64(N_FOLDS)


def _stacked(
    x: NDArray[np.float32], size: Array, fold: NDArray[np.uint64], loss: str, seed: int
) -> tuple[Trees, Array]:
    """Fit trees to all rows, as many as are best for users left out; and what these get."""
    columns = np.flatnonzero(np.nanmax(np.nan_to_num(x), 0) > np.nanmin(np.nan_to_num(x), 0))
    held = np.zeros((len(x), MAX_TREES))
    for one in range(N_FOLDS):
        out = fold == one
        grown = _grown(x[~out][:, columns], size[~out], columns, loss, MAX_TREES, seed)
        for n, said in enumerate(grown.staged_predict(x[out][:, columns])):
            held[out, n] = said
    off = np.abs(held - size[:, None]) ** (2 if loss == "squared_error" else 1)
    n_best = int(np.argmin(off.mean(0)))
    trees = _grown(x[:, columns], size, columns, loss, n_best + 1, seed)
    return Trees.flatten(trees, columns), held[:, n_best]


def _grown(
    x: NDArray[np.float32], size: Array, columns: NDArray[np.int64], loss: str, n: int, seed: int
) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - a second

    return HistGradientBoostingRegressor(
        loss=loss,
        learning_rate=0.08,
        max_iter=n,
        max_leaf_nodes=15,
        max_depth=4,
        min_samples_leaf=int(np.clip(len(x) // 40, 5, 50)),
        max_features=0.3,
        l2_regularization=5.0,
        monotonic_cst=np.array(RISING)[columns],
        early_stopping=False,
        random_state=seed,
    ).fit(x, size)


def _terms(
    habits: NDArray[np.float32], place: Array, returning: Returning, unit: float, large: float
) -> Array:
    """Return float64[n, 7]: what `Spending.weights` weigh."""
    spent = np.maximum(habits[:, AT["lifetime"]], 0.0, dtype=np.float64)
    above = [
        np.log(np.maximum(habits[:, AT[name]] / (per * large), 1.0, dtype=np.float64))
        for name, per in _PACES
    ]
    soon = np.log(returning.per_day(habits) + _RARELY)
    return np.stack([np.ones(len(place)), place, np.log(spent + unit), *above, soon], 1)


def _weights(terms: Array, paid: Array, mean: float) -> Array:
    """Minimise the Tweedie deviance (power 1.5) over weights of at least 0 and a level.

    A little ridge keeps terms that say the same from standing for one another.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - only needed in training

    middle = np.r_[0.0, terms[:, 1:].mean(0)]
    centred, y = terms - middle, paid / mean

    def cost(guess: Array) -> tuple[float, Array]:
        line = np.clip(centred @ guess, -30, 30)
        up, down = np.exp((2 - _POWER) * line), y * np.exp((1 - _POWER) * line)
        loss = (up / (2 - _POWER) + down / (_POWER - 1)).sum()
        free = np.r_[0.0, guess[1:]]
        return float(loss + _RIDGE / 2 * free @ free), centred.T @ (up - down) + _RIDGE * free

    limits = [(None, None)] + [(0, None)] * (terms.shape[1] - 1)
    found: Array = minimize(cost, np.zeros(terms.shape[1]), jac=True, bounds=limits).x
    found[0] += np.log(mean) - middle @ found
    return found
