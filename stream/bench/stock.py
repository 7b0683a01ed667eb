"""The peer: stock Faust with one table update and one output per event, as a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from stream.bench.broker import ROOT
from topics.catalog import TopicSpec
from topics.errors import InputError
from topics.producing import Sender
from topics.timed import keys, read_timed
from topics.topicadmin import create_topics

SCRIPT: Final = ROOT / "tests" / "bench" / "stock_faust.py"
APPLICATION: Final = "riskstream-bench-stock"
TOPIC: Final = "riskstream-bench-stock.events"
OUTPUT: Final = "riskstream-bench-stock.counts"
TIMEOUT_S: Final = 300.0


def run_stock(
    brokers: str, n_partitions: int, records: Path, n_events: int, advance: Callable[[float], None]
) -> dict[str, Any]:
    """Send ``n_events`` records of a file to a topic of their own, and have stock Faust count them.

    Returns its report: events, seconds, events_per_s, cpu_s. Raises InputError outside of a
    checkout, and RuntimeError where it fails or counts wrongly.
    """
    if not SCRIPT.exists():
        raise InputError("stock Faust is measured in a checkout of the repository; use --no-stock")
    names = (TOPIC, OUTPUT, f"{APPLICATION}-counts-changelog")
    create_topics(brokers, [_topic(name, n_partitions) for name in names])
    n_sent = 0
    with Sender(brokers, linger_ms=20.0) as sender:
        for part in read_timed(records):
            values = part.values[: n_events - n_sent]
            sender.send(TOPIC, keys(values), values)
            n_sent += len(values)
            advance(len(values))
            if n_sent >= n_events:
                break
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, str(SCRIPT), "--brokers", brokers, "--application", APPLICATION),
            *("--topic", TOPIC, "--output", OUTPUT, "--partitions", str(n_partitions)),
            *("--events", str(n_sent), "--folder", folder),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    if done.returncode:
        raise RuntimeError(f"stock Faust failed with code {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _topic(name: str, n_partitions: int) -> TopicSpec:
    return TopicSpec(name, "internal", n_partitions, 1, None, False, "a benchmark's records")
