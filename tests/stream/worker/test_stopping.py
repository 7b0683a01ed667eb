"""SIGTERM while something hangs: the process ends all the same, with the watchdog's code."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stream.worker import stopping
from stream.worker.processor import SOURCES, Outcome
from stream.worker.settings import WorkerSettings
from stream.worker.thread import BatchThread
from tests.stream.worker.counting import Counting
from tests.stream.worker.process import OUTPUTS, WorkerProcess, begin_child, serve

pytestmark = pytest.mark.kafka
HANGS = "hangs from here on"


class Hanging(Counting):
    """Hangs with its first batch: on its own thread, or only on one that it asks, as of a model."""

    def __init__(self, *, own_thread: bool) -> None:
        super().__init__()
        self._own_thread, self._asked = own_thread, ThreadPoolExecutor(1, "score")

    def run(self, *arguments: Any) -> Outcome:
        print(HANGS, flush=True)
        if self._own_thread:
            time.sleep(1_000)
        self._asked.submit(time.sleep, 1_000)
        return super().run(*arguments)


class HangingWorker(WorkerProcess):
    def __init__(self, settings: WorkerSettings, *, own_thread: bool) -> None:
        super().__init__(settings)
        self._main = hang
        self._arguments = (self.settings, self.log, own_thread)


def hang(settings: WorkerSettings, log: Path, own_thread: bool) -> None:
    begin_child(str(log))
    stopping.MARGIN_S = 2.0  # type: ignore[misc]
    serve(settings, Hanging(own_thread=own_thread), None, OUTPUTS)


@pytest.mark.parametrize("own_thread", [True, False], ids=["the processor", "a model behind it"])
def test_a_worker_in_which_something_hangs_ends_in_time(shop, tmp_path, own_thread):
    worker = HangingWorker(shop.settings(tmp_path, stop_timeout_s=1.0), own_thread=own_thread)
    shop.send(100, SOURCES)
    worker.start()
    worker.wait_until_logged(HANGS)
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 75
    assert "stopping hung for 3 s; ending the process" in worker.new_log()


class UnansweredWorker(WorkerProcess):
    """Waits for long for the ends of its partitions, as of a broker that is too busy."""

    def __init__(self, settings: WorkerSettings) -> None:
        super().__init__(settings)
        self._main = wait_for_ends


def wait_for_ends(settings: WorkerSettings, log: str, *_: Any) -> None:
    async def ask(thread: BatchThread, partitions: Any) -> Any:
        print(HANGS, flush=True)
        await asyncio.sleep(1_000)

    BatchThread._highwaters = ask  # type: ignore[method-assign]
    begin_child(log)
    serve(settings, Counting(), None, OUTPUTS)


def test_a_worker_that_waits_for_its_first_states_ends_when_it_is_asked_to(shop, tmp_path):
    worker = UnansweredWorker(shop.settings(tmp_path))
    worker.start()
    worker.wait_until_logged(HANGS)
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0
