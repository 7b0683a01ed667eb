"""The worker of the demo: `riskstream worker` as a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import orjson


class WorkerProcess:
    """A running worker; its log goes to a file, what it counted is read when it has stopped."""

    def __init__(self, bootstrap: str, partitions: int, model: Path, folder: Path) -> None:
        self.log = folder / "worker.log"
        self._stats = folder / "worker.json"
        self._command = [
            *(sys.executable, "-m", "stream", "worker", "--embedded-broker"),
            *("--brokers", bootstrap, "--partitions", str(partitions)),
            *("--data-dir", str(folder / "state"), "--model-dir", str(model)),
            *("--http-port", "0", "--stats", str(self._stats)),
        ]

    def __enter__(self) -> Self:
        self._stats.unlink(missing_ok=True)
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

    def stop(self, wait_s: float = 40.0) -> dict[str, Any]:
        """Stop the worker as a supervisor does and return what it counted."""
        self.check()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(wait_s)
        if code != 0:
            self.check()
        stats: dict[str, Any] = orjson.loads(self._stats.read_bytes())
        return stats
