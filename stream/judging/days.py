"""Events by the UTC day of their event time, and what each day's metrics are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.judged import Judged
from topics.vocabulary import ALLOW

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, eq=False)
class Days:
    """Which rows each day has: ``order`` int64[n] sorts by day, None where the rows are sorted.

    Day ``numbers[i]`` since 1970 has the rows ``bounds[i]`` to ``bounds[i + 1]`` of that order.
    """

    order: NDArray[np.int64] | None
    numbers: NDArray[np.int64]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Any]:
        """Yield each day's rows, as a slice or as int64[m]."""
        for start, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            yield slice(start, end) if self.order is None else self.order[start:end]


def day_numbers(time_ms: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the UTC days of moments, since 1970.

    >>> day_numbers(np.array([86_399_999, 86_400_000])).tolist()
    [0, 1]
    """
    return (time_ms // DAY_MS).astype(np.int32)


def days_of(day: NDArray[Any]) -> Days:
    """Split rows by their day since 1970, int[n].

    >>> days = days_of(np.array([0, 0, 1]))
    >>> days.numbers.tolist(), list(days)
    ([0, 1], [slice(0, 2, None), slice(2, 3, None)])
    """
    order = None
    if (day[1:] < day[:-1]).any():
        order = np.argsort(day, kind="stable")
        day = day[order]
    starts = np.flatnonzero(np.concatenate([[True], day[1:] != day[:-1]])) if len(day) else day
    bounds = np.concatenate([starts, [len(day)]]).astype(np.int64)
    return Days(order, day[starts].astype(np.int64), bounds)


def day_name(number: int) -> str:
    """Return the date of a day since 1970.

    >>> day_name(19_000)
    '2022-01-08'
    """
    return datetime.fromtimestamp(number * DAY_MS / 1000, UTC).date().isoformat()


def by_day(judged: Judged) -> list[dict[str, Any]]:
    """Return each day's labelled events, frauds, alerts and average precision.

    Alerts count whether their event is labelled or not: somebody has to look at each.
    """
    from sklearn.metrics import average_precision_score  # noqa: PLC0415 - a second

    days, found = days_of(judged.day), []
    for number, at in zip(days.numbers.tolist(), days, strict=True):
        known = judged.label[at] >= 0
        label, score = judged.label[at][known], judged.score[at][known]
        n_fraud = int((label == 1).sum())
        found.append(
            {
                "day": day_name(number),
                "n": len(label),
                "n_fraud": n_fraud,
                "n_alerts": int((judged.action[at] > ALLOW).sum()),
                "average_precision": float(average_precision_score(label, score))
                if 0 < n_fraud < len(label)
                else None,
            }
        )
    return found
