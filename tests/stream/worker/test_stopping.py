"""SIGTERM while something hangs: the process ends all the same, with the watchdog's code."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stream.worker import stopping
from stream.worker.processor import SOURCES, Outcome
from stream.worker.settings import WorkerSettings
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
