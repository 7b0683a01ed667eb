"""Faust's settings for a worker."""

import time
from typing import Any, Final

from stream.worker.settings import WorkerSettings
from stream.worker.tables import StateTable, StateTables

HEARTBEAT_S: Final = 0.25
"""What another worker leaves stands still until the next heartbeat says so, and a rebalance waits
for the last worker that hears of it."""

NEVER_S: Final = 10 * 365 * 86_400.0
"""How long a worker may fetch nothing before aiokafka takes it out of the group, for good: a spare
one without partitions never fetches, and one that hangs is the watchdog's to end."""


def faust_options(settings: WorkerSettings) -> dict[str, Any]:
    """Return Faust's settings for a worker."""
    brokers = ";".join(f"riskstream://{broker}" for broker in settings.brokers.split(","))
    options: dict[str, Any] = {
        "broker": brokers,
        "origin": "stream.worker",
        "autodiscover": False,
        "datadir": settings.folder / "faust",
        "Table": StateTable,
        "TableManager": StateTables,
        "canonical_url": f"http://worker-{settings.instance or time.time_ns()}",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": settings.partitions,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "stream_recovery_delay": 0.0,
        "stream_wait_empty": True,
        "recovery_consistency_check": False,
        "broker_commit_interval": settings.commit_interval_s,
        "broker_max_poll_records": settings.poll_max_records,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": min(HEARTBEAT_S, settings.session_timeout_s / 5),
        "broker_rebalance_timeout": max(30.0, settings.stop_timeout_s + 10),
        "broker_request_timeout": max(20.0, settings.session_timeout_s),
        "broker_max_poll_interval": NEVER_S,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": settings.poll_max_bytes,
    }
    if settings.instance:
        options["consumer_group_instance_id"] = f"{settings.application}-{settings.instance}"
    return options
