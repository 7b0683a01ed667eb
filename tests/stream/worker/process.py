"""A counting worker as a process of its own, for tests that kill it."""

import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from stream.worker.run import run
from stream.worker.settings import WorkerSettings
from tests.kafka.broker import ROOT
from tests.stream.worker.counting import AddUp, Counting


class WorkerProcess:
    """Starts, kills and stops a worker process; what it logs goes to a file in its folder."""

    def __init__(self, settings: WorkerSettings, state_bytes: int = 40, links: bool = False):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        name = f"{settings.application}-{settings.instance}"
        self.settings = dataclasses.replace(
            settings, stats_path=settings.data_dir / f"stats-{name}.json"
        )
        self.log = settings.data_dir / f"log-{name}.txt"
        self._extra = {"state_bytes": state_bytes, "links": links}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        spec = {key: str(value) if isinstance(value, Path) else value
                for key, value in dataclasses.asdict(self.settings).items()}  # fmt: skip
        command = [sys.executable, "-m", "tests.stream.worker.process"]
        command += [json.dumps({"settings": spec, **self._extra})]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT,
                env=os.environ | {"PYTHONFAULTHANDLER": "1"},
            )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, timeout_s: float = 30) -> int:
        """Send SIGTERM and return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 30) -> int:
        assert self.process is not None
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler shows where it stands
            time.sleep(1)
            self.kill()
            raise AssertionError(f"the worker did not stop:\n{self.tail()}") from None

    def tail(self) -> str:
        return self.log.read_text()[-4000:]

    def stats(self):
        assert self.settings.stats_path is not None
        return json.loads(self.settings.stats_path.read_text())


def main() -> int:
    spec = json.loads(sys.argv[1])
    settings = spec["settings"]
    settings["data_dir"] = Path(settings["data_dir"])
    settings["stats_path"] = Path(settings["stats_path"])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    processor = Counting(spec["state_bytes"], spec["links"])
    sink = AddUp() if spec["links"] else None
    return run(
        WorkerSettings(**settings),
        processor,
        links=sink,
        outputs=("risk.decisions", "risk.deadletter"),
    )


if __name__ == "__main__":
    sys.exit(main())
