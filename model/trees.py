"""Boosted trees, flattened: what they say of a row, and which feature said how much of it."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from model.forest import round_down
from model.shapley import shapley_values

_BLOCK: Final = 256


@njit(cache=True, nogil=True)
def _descend(x: Any, parts: Any, out: Any) -> None:
    root, depth, feature, sign, threshold, child, value = parts
    at = np.empty(_BLOCK, np.int32)
    for begin in range(0, x.shape[0], _BLOCK):
        size = min(_BLOCK, x.shape[0] - begin)
        for tree in range(root.shape[0]):
            at[:size] = root[tree]
            for _ in range(depth[tree]):
                for j in range(size):
                    node = at[j]
                    second = not (sign[node] * x[begin + j, feature[node]] <= threshold[node])
                    at[j] = child[2 * node + np.int32(second)]
            for j in range(size):
                out[begin + j] += value[at[j]]


@dataclass(frozen=True, eq=False)
class Trees:
    """Nodes of all trees in one row, each tree's before those of the next.

    ``root`` and ``depth`` int32[t]. A row goes from a node to its first child where its value of
    ``feature`` int32[nodes], times ``sign`` float32[nodes], is at most ``threshold``
    float32[nodes], otherwise, and where it is unknown, to the second; ``child`` int32[2 nodes]. A
    leaf is its own child. ``value`` float64[nodes] adds to the log-odds in a leaf and is not read
    elsewhere; ``base`` are the log-odds before any tree.
    """

    root: NDArray[np.int32]
    depth: NDArray[np.int32]
    feature: NDArray[np.int32]
    sign: NDArray[np.float32]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    value: NDArray[np.float64]
    base: float

    @classmethod
    def flatten(cls, fitted: Any, columns: NDArray[np.int64]) -> Self:
        """Copy a fitted HistGradientBoosting of one output over the features ``columns``."""
        stages = [stage[0].nodes for stage in fitted._predictors]
        sizes = [len(nodes) for nodes in stages]
        root = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
        nodes = np.concatenate(stages)
        own, shift = np.arange(len(nodes)), np.repeat(root, sizes)
        leaf, unknown_left = nodes["is_leaf"] == 1, nodes["missing_go_to_left"] == 1
        left, right = nodes["left"] + shift, nodes["right"] + shift
        # The unknown goes to the second child: where that is the left one, the test is turned.
        at_most = round_down(nodes["num_threshold"])
        above = np.nextafter(-at_most, np.float32(-np.inf))
        first = np.where(leaf, own, np.where(unknown_left, right, left))
        second = np.where(leaf, own, np.where(unknown_left, left, right))
        return cls(
            root,
            np.array([part["depth"].max() for part in stages], np.int32),
            np.where(leaf, 0, columns[nodes["feature_idx"]]).astype(np.int32),
            np.where(unknown_left, -1, 1).astype(np.float32),
            np.where(unknown_left, above, at_most).astype(np.float32),
            np.stack([first, second], 1).ravel().astype(np.int32),
            nodes["value"].astype(np.float64),
            float(fitted._baseline_prediction.ravel()[0]),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all members as arrays, to be saved."""
        return {**vars(self), "base": np.array([self.base])}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Rebuild trees from what `arrays` returned."""
        parts: dict[str, Any] = dict(arrays)
        return cls(**(parts | {"base": float(parts["base"][0])}))

    def total(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the base and what all trees add to it, float64[n], of float32[n, F]."""
        out = np.full(len(features), self.base)
        _descend(features, self._parts(), out)
        return out

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-odds of fraud, float64[n], of float32[n, F], NaN unknown."""
        return self.total(features)

    def contributions(
        self, features: NDArray[np.float32], usual: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return what each feature adds to the log-odds of ``usual`` float32[F], float64[n, F].

        These are `shapley_values`; a row's sum is its log-odds less those of ``usual``.
        """
        out = np.zeros(features.shape)
        shapley_values(features, usual, self._parts(), out)
        return out

    def _parts(self) -> tuple[NDArray[Any], ...]:
        return (
            self.root, self.depth, self.feature, self.sign, self.threshold, self.child, self.value,
        )  # fmt: skip
