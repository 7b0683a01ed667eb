"""Import, produce, decide and count: the way of real events from public tables to decisions."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.kafka.broker import free_ports
from tests.real.reference import Count, count, differing
from tests.real.states import counters
from topics.catalog import CREDIT_SCORES, DEAD_LETTERS, DECISIONS
from topics.consuming import read_topic

BESIDE = Path(__file__).parents[3] / "shared" / "data"
DATA = Path(os.environ.get("RISKSTREAM_TEST_DATA", BESIDE))
TABLES = {"online-retail": "online_retail", "rees46": "browse_rees46", "reviews-zh": "reviews_zh"}
PARTITIONS = 4


@dataclass(frozen=True)
class Found:
    """What went in, by source and in all, and what came out."""

    imported: dict[str, str]
    expected: Count
    n_decisions: int
    n_distinct: int
    n_duplicates: int
    dead: Counter[str]
    credit_users: set[str]
    counters: dict[str, Counter[str]]
    events_per_s: float

    @property
    def differing(self) -> list[str]:
        """Users whose counters are not those of the plain count."""
        return differing(self.counters, self.expected.users)


def decide_real(
    bootstrap: str, folder: Path, *, n_reviews: int | None, say: Callable[[str], None] = print
) -> Found:
    """Run the whole way in ``folder``, with all reviews or the first ``n_reviews``."""
    imported = {}
    for source, table in TABLES.items():
        limit = ("--limit", str(n_reviews)) if source == "reviews-zh" and n_reviews else ()
        out = folder / "imported" / source
        imported[source] = riskstream(
            "import", source, str(DATA / table), "--out", str(out), *limit
        )
        say(f"{source}: {imported[source]}")
        target = folder / "events" / f"{source}.jsonl.zst"
        target.parent.mkdir(parents=True, exist_ok=True)
        (out / "events.jsonl.zst").rename(target)
    expected = count(folder / "events")
    at = ("--brokers", bootstrap)
    riskstream("topics", "create", *at, "--partitions", str(PARTITIONS))
    say(f"producing {expected.n_records:,} events")
    riskstream("produce", str(folder / "events"), *at)
    seconds, n_duplicates = run_worker(bootstrap, folder, expected.n_records)
    decisions = Counter(r["event_id"] for r in records(bootstrap, DECISIONS))
    return Found(
        imported,
        expected,
        decisions.total(),
        len(decisions),
        n_duplicates,
        Counter(record["reason"] for record in records(bootstrap, DEAD_LETTERS)),
        {record["user_id"] for record in records(bootstrap, CREDIT_SCORES)},
        counters(bootstrap, "riskstream.changelog"),
        expected.n_records / seconds,
    )


def riskstream(*words: str) -> str:
    """Run a command and return what it printed; its errors go to the screen."""
    done = subprocess.run(
        [sys.executable, "-m", "stream", *words], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def run_worker(bootstrap: str, folder: Path, n_records: int) -> tuple[float, int]:
    """Run a worker until it has read so many records; return its seconds and duplicates."""
    (port,) = free_ports(1)
    command = [
        *(sys.executable, "-m", "stream", "worker", "--brokers", bootstrap, "--scoring", "none"),
        *("--partitions", str(PARTITIONS), "--data-dir", str(folder / "state")),
        *("--http-port", str(port)),
    ]
    log = folder / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            began, n_read = 0.0, 0.0
            while n_read < n_records:
                assert worker.poll() is None, log.read_text()[-4000:]
                time.sleep(0.1)
                n_read = metric(port, "riskstream_events_total")
                began = began or (time.monotonic() if n_read else 0.0)
            seconds = time.monotonic() - began
            n_duplicates = int(metric(port, "riskstream_duplicates_total"))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0, log.read_text()[-4000:]
        finally:
            worker.kill()
            worker.wait()
    return seconds, n_duplicates


def metric(port: int, name: str) -> float:
    """Return the sum of a metric of the worker over its labels; 0 before it answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
            lines = page.read().decode().splitlines()
    except OSError:
        return 0.0
    return sum(
        float(line.split()[-1]) for line in lines if line.startswith((name + " ", name + "{"))
    )


def records(bootstrap: str, topic: str):
    """Yield the records of a topic as objects."""
    for taken in read_topic(bootstrap, topic):
        yield from (orjson.loads(value) for value in taken.values if value)
