"""The topics of the contract: direction, partitions, retention and compaction."""

from dataclasses import dataclass
from typing import Final, Literal

DAY_MS: Final = 24 * 3_600_000
HOUR_MS: Final = 3_600_000
TOMBSTONE_MS: Final = 7 * DAY_MS
"""How long a compacted topic shows that a key was erased, to readers that were away."""

ORDERS: Final = "shop.orders"
BROWSING: Final = "shop.browse"
REVIEWS: Final = "shop.reviews"
LABELS: Final = "risk.labels"
DECISIONS: Final = "risk.decisions"
ALERTS: Final = "risk.alerts"
CREDIT_SCORES: Final = "credit.scores"
DEAD_LETTERS: Final = "risk.deadletter"

TYPE_OF_TOPIC: Final = {ORDERS: "order", BROWSING: "browse", REVIEWS: "review"}
"""The event type that each event topic implies."""

Direction = Literal["in", "out", "internal"]


@dataclass(frozen=True)
class TopicSpec:
    """One topic as it should be on a cluster.

    ``retention_ms`` None: nothing is deleted by age. ``min_compaction_lag_ms``: for how long every
    record of a compacted topic stays, so that a reader that is a little behind sees them all.
    ``max_message_bytes`` None: the broker's default.
    """

    name: str
    direction: Direction
    partitions: int
    replication: int
    retention_ms: int | None
    compacted: bool
    holds: str
    min_compaction_lag_ms: int = 0
    max_message_bytes: int | None = None

    def config(self) -> dict[str, str]:
        """Return the topic's settings under Kafka's names.

        >>> catalogue(partitions=4)[0].config()
        {'cleanup.policy': 'delete', 'retention.ms': '604800000'}
        """
        settings = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(-1 if self.retention_ms is None else self.retention_ms),
        }
        if self.compacted:
            settings["min.compaction.lag.ms"] = str(self.min_compaction_lag_ms)
            settings["delete.retention.ms"] = str(TOMBSTONE_MS)
        if self.max_message_bytes is not None:
            settings["max.message.bytes"] = str(self.max_message_bytes)
        return settings


def catalogue(
    *,
    partitions: int,
    replication: int = 1,
    application: str = "riskstream",
    links: str | None = None,
    changelog: str | None = None,
    shop_retention_ms: int = 7 * DAY_MS,
    links_retention_ms: int = 121 * DAY_MS,
    prefix: str = "",
) -> list[TopicSpec]:
    """Return every topic: the inputs, the outputs, then the internal ones.

    ``links`` and ``changelog`` name the internal topics, ``<application>.links`` and
    ``<application>.changelog`` by default; ``prefix`` comes before the names of the others.
    ``shop_retention_ms`` applies where we create the shop's own topics; on a shop's cluster they
    are the shop's affair. ``links_retention_ms`` must cover the longest time that a label may take
    (120 days), for which a new worker reads them. All have the same number of partitions: one
    user's records share a partition number in inputs, outputs and changelog.
    """

    def topic(
        name: str, direction: Direction, retention_ms: int | None, holds: str, *,
        compacted: bool = False, lag_ms: int = 0, max_bytes: int | None = None,
    ) -> TopicSpec:  # fmt: skip
        full_name = name if direction == "internal" else prefix + name
        return TopicSpec(
            full_name, direction, partitions, replication, retention_ms, compacted, holds, lag_ms,
            max_bytes,
        )  # fmt: skip

    return [
        topic(ORDERS, "in", shop_retention_ms, "orders, and each change of their status"),
        topic(BROWSING, "in", shop_retention_ms, "views, searches, carts, logins"),
        topic(REVIEWS, "in", shop_retention_ms, "ratings and texts"),
        topic(LABELS, "in", 365 * DAY_MS, "what turned out to be true, and when it was known"),
        topic(DECISIONS, "out", 90 * DAY_MS, "one record per scored event: the audit log"),
        topic(ALERTS, "out", 30 * DAY_MS, "the decisions that somebody must act on"),
        topic(
            CREDIT_SCORES, "out", None, "the newest credit record per user",
            compacted=True, lag_ms=HOUR_MS,
        ),
        topic(DEAD_LETTERS, "out", 30 * DAY_MS, "what could not be processed, and why",
              max_bytes=2 * 1024 * 1024),
        topic(
            links or f"{application}.links", "internal", links_retention_ms,
            "which users touched which entities, for all workers", max_bytes=8 * 1024 * 1024,
        ),
        topic(
            changelog or f"{application}.changelog", "internal", None,
            "the newest state per user", compacted=True, lag_ms=6 * HOUR_MS,
        ),
    ]  # fmt: skip
