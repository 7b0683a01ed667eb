"""What looking at a number of events a day catches, as that number grows."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.budget import BUDGETS
from stream.judging.days import days_of
from stream.judging.judged import Judged

MOST_POINTS: Final = 60


def caught_by_alerts(known: Judged) -> list[dict[str, Any]] | None:
    """Return what the highest scores of each day catch, for rising numbers of alerts a day.

    All events are labelled. Events of one score that exceed the number count by the share of them
    that fits, as in `by_budget`, whose budgets are among the points. ``count_share`` is the share
    of frauds, ``amount_share`` that of their amount, None where no amount is known. None where
    there is no fraud.
    """
    fraud = known.label == 1
    if not fraud.any():
        return None
    amount = np.where(known.amount > 0, known.amount, np.float32(0))
    sizes, above, tied, worth = [], [], [], []
    for at in days_of(known.day):
        bad = fraud[at]
        ranked, score = np.sort(known.score[at]), known.score[at][bad]
        sizes.append(len(ranked))
        end = np.searchsorted(ranked, score, "right")
        above.append(len(ranked) - end)
        tied.append(end - np.searchsorted(ranked, score, "left"))
        worth.append(amount[at][bad])
    ahead, ties = np.concatenate(above), np.concatenate(tied)
    value, day_sizes = np.concatenate(worth).astype(np.float64), np.array(sizes)
    total = float(value.sum())
    points = []
    for n in _numbers(int(day_sizes.max())):
        share = np.clip((n - ahead) / ties, 0, 1)
        n_alerts, n_caught = int(np.minimum(day_sizes, n).sum()), float(share.sum())
        points.append(
            {
                "alerts_per_day": n,
                "n_alerts": n_alerts,
                "n_caught": n_caught,
                "precision": n_caught / n_alerts,
                "count_share": n_caught / len(ahead),
                "amount_share": float(share @ value) / total if total else None,
            }
        )
    return points


def _numbers(most: int) -> list[int]:
    """Return rising whole numbers from 1 to ``most``, by about the same factor.

    >>> _numbers(12)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    """
    steps: NDArray[Any] = np.unique(np.geomspace(1, most, MOST_POINTS - len(BUDGETS)).round())
    return sorted({int(n) for n in steps} | {b for b in BUDGETS if b <= most} | {most})
