"""Measures the worker alone, with the counting processor, on a real broker of its own.

``python -m tests.stream.worker.speed [EVENTS [STATE_BYTES]]`` prints events per second, per
processor second, and the stages. One output and one changelog record per event and touched user.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.kafka.broker import Broker
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop


def measure(n_events: int, state_bytes: int, folder: Path) -> dict[str, object]:
    broker = Broker(folder / "broker")
    broker.start()
    try:
        shop = Shop(broker.bootstrap)
        shop.send(n_events, n_users=20_000, pad=220)
        worker = WorkerProcess(shop.settings(folder / "worker"), state_bytes=state_bytes)
        worker.start()
        worker.wait_until_ready()
        begin = time.monotonic()
        while shop.n_outputs() < n_events:
            assert worker.alive(), worker.tail()
            time.sleep(0.005)
        seconds = time.monotonic() - begin
        assert worker.stop() == 0
    finally:
        broker.stop()
    stats = worker.stats()
    return {
        "events": n_events,
        "events_per_s": round(n_events / seconds),
        "events_per_cpu_s": round(n_events / stats["worker_cpu_s"]),
        "records_per_batch": round(n_events / stats["batches"]),
        "stages_us_per_event": {
            stage: round(spent / n_events * 1e6, 2)
            for stage, spent in stats["stages_cpu_s"].items()
        },
    }


def main() -> None:
    n_events, state_bytes = [*map(int, sys.argv[1:]), *(500_000, 200)[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(n_events, state_bytes, Path(folder)), indent=1))


if __name__ == "__main__":
    main()
