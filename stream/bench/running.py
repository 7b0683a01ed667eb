"""A worker process that a benchmark starts, looks at, kills and starts again."""

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.request import urlopen

from stream.bench.worker import STOP_S, WorkerPlan

READY_S: Final = 600.0
LOOK_EVERY_S: Final = 0.01
LOG_LINES: Final = 15
TICKS: Final = os.sysconf("SC_CLK_TCK")


class RunningWorker:
    """`riskstream worker` by a plan.

    On the monotonic clock: ``begun_s`` is when its process was started, ``up_s`` when it had
    imported and compiled everything and answered on its port, ``ready_s`` when it held its
    partitions with their states.
    """

    def __init__(self, plan: WorkerPlan, name: str = "worker") -> None:
        plan.folder.mkdir(parents=True, exist_ok=True)
        self._port = free_port()
        self._can_revise = plan.scoring == "full"
        self._log = plan.folder / f"{name}.log"
        stats = plan.folder / f"{name}.stats.json"
        self._command = [*plan.command(stats), "--http-port", str(self._port)]
        self._process: subprocess.Popen[bytes] | None = None
        self.begun_s = self.up_s = self.ready_s = 0.0

    def start(self) -> None:
        """Start the process."""
        with self._log.open("ab") as log:
            self.begun_s, self.up_s = time.monotonic(), 0.0
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_until_ready(self) -> None:
        """Return when it holds partitions; raise RuntimeError if it ends or takes too long."""
        while True:
            self.check()
            if self.answers() and self._ask("/ready") == b"ok\n":
                self.ready_s = time.monotonic()
                return
            if time.monotonic() - self.begun_s > READY_S:
                raise RuntimeError(f"the worker was not ready within {READY_S:.0f} s{self._end()}")
            time.sleep(LOOK_EVERY_S)

    def answers(self) -> bool:
        """Tell whether it answers on its port."""
        if not self.up_s and self._ask("/live") is not None:
            self.up_s = time.monotonic()
        return self.up_s > 0

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def check(self) -> None:
        """Raise RuntimeError, with the end of its log, if it has ended."""
        if self._process is None or (code := self._process.poll()) is not None:
            raise RuntimeError(f"the worker ended with code {code}{self._end()}")

    def metric(self, name: str, label: str = "") -> float:
        """Return the sum of one of its metrics over the labels, or over those with this value."""
        lines = (self._ask("/metrics") or b"").decode().splitlines()
        starts = (name + " ", name + "{")
        chosen = [line for line in lines if line.startswith(starts) and label in line]
        return sum(float(line.rpartition(" ")[2]) for line in chosen)

    def n_revised(self) -> int:
        """Return how many events it has decided a second time, after it had to do without texts."""
        if not self._can_revise:
            return 0  # and its page of metrics costs it nothing while it is measured
        return int(self.metric("riskstream_counted_total", '"decided again"'))

    def stop(self) -> None:
        """Stop it as a supervisor does; raise RuntimeError if it does not end well."""
        self.check()
        self._signal(signal.SIGTERM)
        assert self._process is not None
        if self._process.wait(STOP_S):
            self.check()

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _ask(self, path: str) -> bytes | None:
        try:
            with urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            with error:
                return bytes(error.read())
        except OSError:
            return None

    def _end(self) -> str:
        lines: list[Any] = []
        with suppress(OSError):
            lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "; its log ends:\n" + "\n".join(lines)


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Return the processor seconds, user and system, of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
