"""The worker of the demo: `riskstream worker` as a process of its own."""

import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import IO, Self
from urllib.request import urlopen


class WorkerProcess:
    """A running worker; its log goes to a file, its counts are asked for by HTTP."""

    def __init__(self, bootstrap: str, partitions: int, model: Path, folder: Path) -> None:
        self.log = folder / "worker.log"
        self._port = _free_port()
        self._command = [
            *(sys.executable, "-m", "stream", "worker", "--embedded-broker"),
            *("--brokers", bootstrap, "--partitions", str(partitions)),
            *("--data-dir", str(folder / "state"), "--model-dir", str(model)),
            *("--http-port", str(self._port)),
        ]

    def __enter__(self) -> Self:
        self._output: IO[bytes] = self.log.open("wb")
        self._process = subprocess.Popen(
            self._command, stdout=self._output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def check(self) -> None:
        """Raise RuntimeError with the end of the log if the worker has ended."""
        code = self._process.poll()
        if code is not None:
            last = self.log.read_text(errors="replace").splitlines()[-15:]
            lines = "\n  ".join(last)
            raise RuntimeError(f"the worker ended with code {code}; {self.log} ends:\n  {lines}")

    def wait_until_ready(self, wait_s: float = 120.0) -> None:
        """Wait until the worker says that it holds its partitions."""
        last_s = monotonic() + wait_s
        while monotonic() < last_s:
            self.check()
            with suppress(OSError):
                if self._ask("/ready") == b"ok\n":
                    return
            sleep(0.1)
        raise RuntimeError(f"the worker was not ready within {wait_s:.0f} s; see {self.log}")

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        lines = self._ask("/metrics").decode().splitlines()
        return sum(
            float(line.split()[-1]) for line in lines if line.startswith((name + " ", name + "{"))
        )

    def stop(self, wait_s: float = 40.0) -> None:
        """Stop the worker as a supervisor does; raise RuntimeError if it does not end well."""
        self.check()
        self._process.send_signal(signal.SIGTERM)
        if self._process.wait(wait_s) != 0:
            self.check()

    def _ask(self, path: str) -> bytes:
        with urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
            return bytes(answer.read())


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
