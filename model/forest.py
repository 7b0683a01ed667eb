"""The isolation forest: fitted by scikit-learn, flattened, evaluated level by level.

Liu, Ting and Zhou, "Isolation Forest", ICDM 2008. Trees have at most 8 levels (256 rows each), so
each is stored as a complete tree in which the children of node i are 2i + 1 and 2i + 2.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

_BLOCK: Final = 128
_RANKS: Final = np.unique(
    np.concatenate([np.linspace(0, 1, 401), 1 - np.geomspace(0.02, 1e-5, 99)])
)


@njit(cache=True, nogil=True)
def _descend(x: Any, feature: Any, threshold: Any, path: Any, depths: Any, levels: int) -> None:
    n_rows, n_trees = x.shape[0], feature.shape[0]
    inner = feature.shape[1]
    at = np.empty(_BLOCK, np.int32)
    for begin in range(0, n_rows, _BLOCK):
        size = min(_BLOCK, n_rows - begin)
        for tree in range(n_trees):
            at[:size] = 0
            for _ in range(levels):
                for j in range(size):
                    node = at[j]
                    right = x[begin + j, feature[tree, node]] > threshold[tree, node]
                    at[j] = 2 * node + 1 + np.int32(right)
            for j in range(size):
                depths[begin + j] += path[tree, at[j] - inner]


def _usual_path(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean path length of an unsuccessful search among ``n`` rows (Liu et al., equation 1)."""
    safe = np.maximum(n, 2)
    longer = 2 * (np.log(safe - 1) + np.euler_gamma) - 2 * (safe - 1) / safe
    return np.where(n <= 1, 0.0, np.where(n == 2, 1.0, longer))


@dataclass(frozen=True, eq=False)
class Forest:
    """``t`` complete trees of ``levels`` levels over ``F`` features.

    ``feature`` int32[t, 2^levels - 1]; ``threshold`` float32 of the same shape (a row goes right
    where its value is greater); ``path`` float64[t, 2^levels] the path length that a leaf stands
    for; ``medians`` float32[F] fill unknown values; ``ranks`` float64[r] are the scores of
    the training rows at fixed shares of them; ``usual`` the mean path among a tree's rows.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    path: NDArray[np.float64]
    medians: NDArray[np.float32]
    ranks: NDArray[np.float64]
    usual: float

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float32],
        *,
        medians: NDArray[np.float32],
        seed: int,
        n_trees: int = 100,
    ) -> Self:
        """Fit on float32[n, F], NaN unknown; needs at least two rows."""
        from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - a second to import

        filled = fill(features, medians)
        fitted = IsolationForest(n_estimators=n_trees, random_state=seed).fit(filled)
        forest = cls.flatten(fitted, medians)
        at = np.quantile(forest.score(filled), _RANKS)
        return cls(forest.feature, forest.threshold, forest.path, medians, at, forest.usual)

    @classmethod
    def flatten(cls, fitted: Any, medians: NDArray[np.float32]) -> Self:
        """Copy the trees of a fitted scikit-learn forest; its ranks are left empty."""
        levels = max(1, *(tree.tree_.max_depth for tree in fitted.estimators_))
        inner = 2**levels - 1
        shape = (len(fitted.estimators_), inner)
        feature, threshold = np.zeros(shape, np.int32), np.full(shape, np.inf, np.float32)
        path = np.zeros((shape[0], inner + 1))
        picked = zip(fitted.estimators_, fitted.estimators_features_, strict=True)
        for number, (estimator, columns) in enumerate(picked):
            tree = estimator.tree_
            thresholds = round_down(tree.threshold)
            lengths = _usual_path(tree.n_node_samples.astype(np.float64))
            waiting = [(0, 0, 0)]
            while waiting:
                node, at, depth = waiting.pop()
                if tree.children_left[node] < 0:
                    first, span = at, 1
                    while first < inner:
                        first, span = 2 * first + 1, 2 * span
                    path[number, first - inner : first - inner + span] = depth + lengths[node]
                    continue
                feature[number, at] = columns[tree.feature[node]]
                threshold[number, at] = thresholds[node]
                waiting.append((tree.children_left[node], 2 * at + 1, depth + 1))
                waiting.append((tree.children_right[node], 2 * at + 2, depth + 1))
        usual = float(_usual_path(np.array([fitted.max_samples_], np.float64))[0])
        return cls(feature, threshold, path, medians, np.zeros(0), usual)

    def score(self, filled: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how easily each row is isolated, in (0, 1]: scikit-learn's, sign turned."""
        depths = np.zeros(len(filled))
        levels = (self.path.shape[1] - 1).bit_length()
        _descend(filled, self.feature, self.threshold, self.path, depths, levels)
        scores: NDArray[np.float64] = 2.0 ** (-depths / (len(self.path) * self.usual))
        return scores

    def anomaly(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return each row's rank among the training rows: 0.99 means as odd as the oddest 1 %."""
        found = self.score(fill(features, self.medians))
        ranks: NDArray[np.float64] = np.interp(found, self.ranks, _RANKS)
        return ranks


def fill(features: NDArray[np.float32], medians: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put the medians where a feature is unknown.

    >>> fill(np.array([[1, np.nan]], np.float32), np.array([5, 7], np.float32)).tolist()
    [[1.0, 7.0]]
    """
    return np.where(np.isnan(features), medians, features).astype(np.float32)


def round_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 at or below each: x <= t keeps its answer for every float32 x."""
    near = threshold.astype(np.float32)
    return np.where(near <= threshold, near, np.nextafter(near, np.float32(-np.inf)))


def medians(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each feature's median over the known values, NaN where none is known."""
    known = [column[~np.isnan(column)] for column in features.T]
    return np.array([np.median(part) if len(part) else np.nan for part in known], np.float32)


def some(features: NDArray[np.float32], n: int, seed: int) -> NDArray[np.float32]:
    """Return ``n`` rows drawn at random, or all where there are no more."""
    if len(features) <= n:
        return features
    return features[np.random.default_rng(seed).choice(len(features), n, replace=False)]
