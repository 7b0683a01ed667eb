"""Features that moved between the warm-up and the test."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.feature import Feature
from stream.pipeline.features import FEATURES

N_KEPT: Final = 20_000
N_BINS: Final = 10
N_SHOWN: Final = 15


@dataclass
class _Sample:
    """The rows of the ``k`` events with the lowest hash."""

    k: int
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    rows: NDArray[np.float32] | None = None
    n: int = 0

    def add(self, features: NDArray[np.float32], hashes: NDArray[np.uint64]) -> None:
        self.n += len(hashes)
        if len(self.hashes) == self.k:
            low = hashes < self.hashes.max()
            features, hashes = features[low], hashes[low]
        if not len(hashes):
            return
        rows = features if self.rows is None else np.concatenate([self.rows, features])
        both = np.concatenate([self.hashes, hashes])
        if len(both) > self.k:
            least = np.argpartition(both, self.k - 1)[: self.k]
            rows, both = rows[least], both[least]
        self.rows, self.hashes = rows.copy(), both


class Moved:
    """Compares the features of a sample of the warm-up with those of a sample of the test.

    A sample holds the events whose token hashes lowest, so it depends neither on the order of the
    events nor on how they are cut into slices, as long as no event comes twice. ``k`` events of
    each are kept at most.
    """

    def __init__(self, k: int = N_KEPT) -> None:
        self._before, self._after = _Sample(k), _Sample(k)

    def add(
        self,
        features: NDArray[np.float32],
        is_test: NDArray[np.bool_],
        event: NDArray[np.uint64],
    ) -> None:
        """Take events: ``features`` float32[n, F], NaN where unknown, and ``event`` tokens."""
        hashes = _mixed(event)
        self._before.add(features[~is_test], hashes[~is_test])
        self._after.add(features[is_test], hashes[is_test])

    def found(self, features: Sequence[Feature] = FEATURES) -> dict[str, Any] | None:
        """Return the 15 features that moved most, JSON-ready; None where one side has no event.

        ``n_before`` and ``n_after`` are how many events were seen, ``n_sampled_before`` and
        ``n_sampled_after`` how many were compared. Of each feature: what it is, ``psi``, the
        medians of the known values (None: none is known) and the shares of unknown ones.
        """
        before, after = self._before.rows, self._after.rows
        if before is None or after is None:
            return None
        psi = [stability_index(before[:, f], after[:, f]) for f in range(len(features))]
        most = sorted(range(len(features)), key=lambda f: (-psi[f], features[f].name))[:N_SHOWN]
        return {
            "n_before": self._before.n,
            "n_after": self._after.n,
            "n_sampled_before": len(before),
            "n_sampled_after": len(after),
            "features": [
                {
                    "feature": features[f].name,
                    "about": features[f].about,
                    "unit": features[f].unit,
                    "psi": psi[f],
                    "median_before": _median(before[:, f]),
                    "median_after": _median(after[:, f]),
                    "unknown_share_before": float(np.isnan(before[:, f]).mean()),
                    "unknown_share_after": float(np.isnan(after[:, f]).mean()),
                }
                for f in most
            ],
        }


def stability_index(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Return the population stability index of one feature; 0 where its distribution is the same.

    The sum over bins of ``(a - b) ln(a / b)``, where ``b`` and ``a`` are the shares of the values
    before and after. Bins are the tenths of the known values before, fewer where values repeat,
    and one for unknown. Each count is taken half an event higher, so that an empty bin has a
    logarithm. Source: N. Siddiqi, "Credit Risk Scorecards", 2006, where below 0.1 counts as no
    change worth a look and above 0.25 as a large one.

    >>> ten = np.arange(10, dtype=np.float32)
    >>> stability_index(ten, ten)
    0.0
    """
    known = before[~np.isnan(before)]
    at = np.arange(1, N_BINS) / N_BINS
    edges = np.unique(np.quantile(known, at, method="inverted_cdf")) if len(known) else known
    b, a = (_shares(values, edges) for values in (before, after))
    return float(((a - b) * np.log(a / b)).sum())


def _shares(values: NDArray[np.float32], edges: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of each bin, float64[len(edges) + 2], the unknown last."""
    known = values[~np.isnan(values)]
    bins = np.bincount(np.searchsorted(edges, known, "left"), minlength=len(edges) + 1)
    counts = np.append(bins, len(values) - len(known)) + 0.5
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def _median(values: NDArray[np.float32]) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _mixed(event: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a hash of each token: the finaliser of SplitMix64, which maps one to one.

    Source: G. L. Steele and others, "Fast Splittable Pseudorandom Number Generators", 2014.
    """
    z = event + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed
