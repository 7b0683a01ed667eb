"""What a number of alerts a day would have caught, and what the policy's own actions did."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.days import Days
from stream.judging.judged import Judged
from topics.vocabulary import ACTIONS, ALLOW

BUDGETS: Final = (10, 50, 100, 500)


def by_budget(judged: Judged, days: Days) -> dict[str, dict[str, Any]]:
    """Return, for each budget of alerts a day, what the highest scores of each day catch.

    All events are labelled. Where events of one score exceed the budget, each counts by the share
    of them that fits. Amounts are sums over the events whose amount is known.
    """
    fraud = judged.label == 1
    amount = np.where(judged.amount > 0, judged.amount, np.float32(0))
    tables = [_caught(judged.score[at], fraud[at], amount[at]) for at in days]
    caught = np.sum(tables, axis=0) if tables else np.zeros((len(BUDGETS), 5))
    n_fraud, value = int(fraud.sum()), float(amount[fraud].sum(dtype=np.float64))
    return {
        str(budget): _budget(row.tolist(), n_fraud, value)
        for budget, row in zip(BUDGETS, caught, strict=True)
    }


def policy_actions(judged: Judged) -> dict[str, Any]:
    """Return how many events each action took and what it found; an alert is any but allow.

    ``n`` and ``n_alerts`` count all events; precision and recall the labelled ones.
    """
    known = judged.label >= 0
    fraud = judged.label == 1
    amount = np.where(judged.amount > 0, judged.amount, np.float32(0))
    n_fraud, value = int(fraud.sum()), float(amount[fraud].sum(dtype=np.float64))

    def found(acted: NDArray[np.bool_]) -> dict[str, Any]:
        n_known, n_found = int((acted & known).sum()), int((acted & fraud).sum())
        caught = float(amount[acted & fraud].sum(dtype=np.float64))
        legit = float(amount[acted & known & ~fraud].sum(dtype=np.float64))
        return {
            "n": int(acted.sum()),
            "n_labelled": n_known,
            "n_fraud": n_found,
            "precision": _share(n_found, n_known),
            "recall": _share(n_found, n_fraud),
            "fraud_amount": caught if value else None,
            "legitimate_amount": legit if value else None,
            "recall_by_amount": _share(caught, value),
        }

    return {
        "n": len(judged),
        "alerts": found(judged.action > ALLOW),
        "by_action": {name: found(judged.action == code) for code, name in enumerate(ACTIONS)},
    }


def _caught(
    score: NDArray[Any], fraud: NDArray[np.bool_], amount: NDArray[Any]
) -> NDArray[np.float64]:
    """Return one day's sums float64[budgets, 5]: alerts, frauds, amount, and the most of both."""
    rows = []
    worth = -np.sort(-amount[fraud].astype(np.float64))
    for budget in BUDGETS:
        n = min(budget, len(score))
        edge = np.partition(score, len(score) - n)[len(score) - n]
        above, tied = score > edge, score == edge
        share = (n - above.sum()) / tied.sum()
        taken = above[fraud] + share * tied[fraud]
        most = min(n, len(worth))
        rows.append([n, taken.sum(), taken @ amount[fraud], most, worth[:most].sum()])
    return np.array(rows, np.float64)


def _budget(row: list[float], n_fraud: int, value: float) -> dict[str, Any]:
    n_alerts, n_caught, caught, most_caught, most_value = row
    return {
        "n_alerts": int(n_alerts),
        "n_caught": n_caught,
        "precision": _share(n_caught, n_alerts),
        "recall": _share(n_caught, n_fraud),
        "recall_by_amount": _share(caught, value),
        "value_caught": caught if value else None,
        "maximum": {
            "precision": _share(most_caught, n_alerts),
            "recall": _share(most_caught, n_fraud),
            "recall_by_amount": _share(most_value, value),
            "value_caught": most_value if value else None,
        },
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
