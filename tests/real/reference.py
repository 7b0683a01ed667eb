"""A plain count over events, to hold the states of the worker against."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from topics.files import read_records

COUNTED = (
    "n_events", "n_orders", "n_browse", "n_reviews", "n_cancelled", "n_returned",
    "rating_sum", "n_five_star", "n_low_star", "n_verified",
)  # fmt: skip


@dataclass
class Count:
    """Records in ``files``, and the COUNTED numbers of each user; of equal ids the first counts."""

    n_records: int = 0
    n_repeated: int = 0
    users: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def count(path: Path) -> Count:
    """Read the events of a file or folder once, in the order of the files."""
    return count_events(orjson.loads(value) for _, _, value in read_records(path))


def count_events(events: Iterable[dict[str, Any]]) -> Count:
    """Count events once, in their order."""
    result = Count()
    seen: set[str] = set()
    placed: set[tuple[str, str]] = set()
    for event in events:
        result.n_records += 1
        if event["event_id"] in seen:
            result.n_repeated += 1
            continue
        seen.add(event["event_id"])
        counts = result.users[event["user_id"]]
        counts["n_events"] += 1
        match event["type"], event.get("status"):
            case "browse", _:
                counts["n_browse"] += 1
            case "review", _:
                counts["n_reviews"] += 1
                counts["rating_sum"] += event["rating"]
                counts["n_five_star"] += event["rating"] == 5
                counts["n_low_star"] += event["rating"] <= 2
                counts["n_verified"] += event.get("verified_purchase") is True
            case _, "placed" | "paid":
                order = event["user_id"], event["order_id"]
                counts["n_orders"] += order not in placed
                placed.add(order)
            case _, "cancelled":
                counts["n_cancelled"] += 1
            case _, "returned" | "refunded":
                counts["n_returned"] += 1
    return result


def differing(found: dict[str, Counter[str]], right: dict[str, Counter[str]]) -> list[str]:
    """Return the users whose counters are not those of the plain count."""
    empty: Counter[str] = Counter()
    return sorted(
        user
        for user in found.keys() | right.keys()
        if any(found.get(user, empty)[name] != right.get(user, empty)[name] for name in COUNTED)
    )
