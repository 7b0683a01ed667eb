"""What customers of a shop really spent, and how estimates of it are rated."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import spearmanr

from tests.real.paired import Difference

Array = NDArray[np.float64]
Metric = Callable[[Array, Array], float]


@dataclass(frozen=True)
class Truth:
    """The customers with an invoice before the cut: spent by then, and within the days after.

    Both are net of returns, ``after`` at least 0; ``net_after`` may be below.
    """

    customers: list[str]
    before: Array
    net_after: Array

    @property
    def after(self) -> Array:
        """What was spent after the cut, at least 0."""
        return np.maximum(self.net_after, 0.0)


def truth_of(path: Path, cut: date, days: int) -> Truth:
    """Sum up the lines of Online Retail itself, by customer; nothing of riskstream takes part."""
    names = ["CustomerID", "InvoiceDate", "Quantity", "UnitPrice"]
    table = pq.read_table(path, columns=names).to_pydict()
    begin = datetime.fromisoformat(str(cut))
    end = begin + timedelta(days=days)
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    for customer, day, quantity, price in zip(*(table[name] for name in names), strict=True):
        if customer is None or customer != customer:
            continue
        when = datetime.fromisoformat(day)
        name, paid = str(int(customer)), quantity * price
        if when < begin:
            before[name] = before.get(name, 0.0) + paid
        elif when < end:
            after[name] = after.get(name, 0.0) + paid
    customers = sorted(before)
    return Truth(
        customers,
        np.array([before[name] for name in customers]),
        np.array([after.get(name, 0.0) for name in customers]),
    )


def spearman(estimate: Array, spent: Array) -> float:
    """Return the rank correlation."""
    return float(spearmanr(estimate, spent).statistic)


def mae(estimate: Array, spent: Array) -> float:
    """Return the mean absolute error."""
    return float(np.abs(estimate - spent).mean())


def rmse(estimate: Array, spent: Array) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(((estimate - spent) ** 2).mean()))


def resampled(metric: Metric, estimates: Array, spent: Array, n: int = 1_000) -> Array:
    """Rate estimates float[k, m] on ``n`` resamples of the m customers, float[n, k].

    All k are rated on the same resamples.
    """
    rng = np.random.default_rng(0)
    drawn = (rng.integers(0, len(spent), len(spent)) for _ in range(n))
    return np.array([[metric(one[at], spent[at]) for one in estimates] for at in drawn])


def with_interval(metric: Metric, estimate: Array, spent: Array, n: int = 1_000) -> Difference:
    """Return the metric of an estimate and its 95 % interval."""
    found = resampled(metric, estimate[None], spent, n)[:, 0]
    return _between(metric(estimate, spent), found)


def lead(metric: Metric, one: Array, other: Array, spent: Array, n: int = 1_000) -> Difference:
    """Return by how much ``one`` has more of a metric than ``other``, and the interval of that."""
    found = resampled(metric, np.stack([one, other]), spent, n)
    return _between(metric(one, spent) - metric(other, spent), found[:, 0] - found[:, 1])


def _between(value: float, found: NDArray[Any]) -> Difference:
    low, high = np.quantile(found, [0.025, 0.975])
    return Difference(value, float(low), float(high))
