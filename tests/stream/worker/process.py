"""A counting worker as a process of its own, for tests that kill it.

The processes are forked from a server that has imported everything, as that takes seconds.
"""

import asyncio
import ctypes
import dataclasses
import faulthandler
import json
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import ClassVar

from stream.worker.linksink import LinkSink
from stream.worker.processor import Processor
from stream.worker.run import run
from stream.worker.settings import WorkerSettings
from tests.stream.worker.counting import AddUp, Counting
from topics.errors import InputError

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.stream.worker.process"])
PR_SET_PDEATHSIG = 1
OUTPUTS = ("risk.decisions", "risk.deadletter")


class WorkerProcess:
    """Starts, kills and stops a worker process; what it logs goes to a file in its folder."""

    all: ClassVar[list["WorkerProcess"]] = []

    def __init__(self, settings: WorkerSettings, state_bytes: int = 40, links: bool = False):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        name = f"{settings.application}-{settings.instance}"
        stats = settings.data_dir / f"stats-{name}.json"
        self.settings = dataclasses.replace(settings, stats_path=stats)
        self.log = settings.data_dir / f"log-{name}.txt"
        self.process: BaseProcess | None = None
        self._main: Callable[..., None] = main
        self._arguments: tuple[object, ...] = (self.settings, str(self.log), state_bytes, links)
        self._seen = 0
        WorkerProcess.all.append(self)

    def start(self) -> None:
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        self.process = SERVER.Process(target=self._main, args=self._arguments)
        self.process.start()

    def wait_until_ready(self, timeout_s: float = 60) -> None:
        self.wait_until_logged("Worker ready", timeout_s)

    def wait_until_logged(self, text: str, timeout_s: float = 60, n: int = 1) -> None:
        """Wait until it has logged a text ``n`` times since its last start."""
        deadline = time.monotonic() + timeout_s
        while self.new_log().count(text) < n:
            assert self.alive(), self.tail()
            assert time.monotonic() < deadline, self.tail()
            time.sleep(0.005)

    def alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.join(10)

    @classmethod
    def kill_all(cls) -> None:
        """Kill every process that is still alive, and forget them all."""
        while cls.all:
            worker = cls.all.pop()
            if worker.alive():
                worker.kill()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def stop(self, timeout_s: float = 30) -> int:
        """Send SIGTERM once it is ready, and return the exit code."""
        self.wait_until_ready()
        self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 30) -> int:
        assert self.process is not None
        self.process.join(timeout_s)
        if self.process.exitcode is None:
            self.signal(signal.SIGUSR1)
            time.sleep(1)
            self.signal(signal.SIGABRT)  # faulthandler shows where it stands
            time.sleep(1)
            self.kill()
            raise AssertionError(f"the worker did not stop:\n{self.new_log()[-30_000:]}")
        return self.process.exitcode

    def new_log(self) -> str:
        """What it logged since its last start."""
        return self.log.read_text()[self._seen :] if self.log.exists() else ""

    def tail(self) -> str:
        return self.log.read_text()[-4000:] if self.log.exists() else "no log"

    def stats(self):
        assert self.settings.stats_path is not None
        return json.loads(self.settings.stats_path.read_text())


def main(settings: WorkerSettings, log: str, state_bytes: int, links: bool) -> None:
    begin_child(log)
    sink = AddUp() if links else None
    serve(settings, Counting(state_bytes, links), sink, OUTPUTS)


def begin_child(log: str) -> None:
    """End with the parent, and write everything that is printed or logged to a file."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with open(log, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    faulthandler.enable()
    signal.signal(signal.SIGUSR1, print_tasks)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )


def print_tasks(*_: object) -> None:
    """Show where every task of every event loop stands."""
    for task in list(asyncio.tasks._all_tasks):
        task.print_stack(file=sys.stderr)


def serve(
    settings: WorkerSettings, processor: Processor, sink: LinkSink | None, outputs: tuple[str, ...]
) -> None:
    """Run a worker in this process and exit as the command does."""
    try:
        sys.exit(run(settings, processor, links=sink, outputs=outputs))
    except InputError as error:
        print(error, file=sys.stderr, flush=True)
        sys.exit(2)
