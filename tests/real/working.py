"""One worker on real events: started, watched through its metrics, and stopped."""

import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.kafka.broker import free_ports

PARTITIONS = 4


@dataclass(frozen=True)
class Worked:
    """How long a worker took from its first batch to its last, and what it counted."""

    ready_s: float
    seconds: float
    n_duplicates: int


def run_worker(bootstrap: str, folder: Path, n_records: int, model: Path | None) -> Worked:
    """Run a worker until it has read so many records, then stop it with SIGTERM."""
    (port,) = free_ports(1)
    scoring = ("--scoring", "none") if model is None else ("--model-dir", str(model))
    command = [
        *(sys.executable, "-m", "stream", "worker", "--brokers", bootstrap, *scoring),
        *("--partitions", str(PARTITIONS), "--data-dir", str(folder / "state")),
        *("--http-port", str(port)),
    ]
    log = folder / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            started, began, n_read = time.monotonic(), 0.0, 0.0
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
    return Worked(began - started, seconds, n_duplicates)


def metric(port: int, name: str) -> float:
    """Return the sum of a metric of the worker over its labels; 0 before it answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
            lines = page.read().decode().splitlines()
    except OSError:
        return 0.0
    return sum(
        float(line.split()[-1]) for line in lines if line.startswith((name + " ", name + "{"))
    )
