"""What a worker says over HTTP from its start on, and what it has to itself, on a real broker."""

import re
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from stream.worker.processor import SOURCES
from stream.worker.settings import WorkerSettings
from tests.stream.worker.counting import AddUp, Counting
from tests.stream.worker.process import OUTPUTS, WorkerProcess, begin_child, serve

pytestmark = pytest.mark.kafka


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    """Return status and text of an answer; 0 where nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except urllib.error.URLError:
        return 0, ""


def lags(port: int) -> list[str]:
    return [line for line in get(port, "/metrics")[1].splitlines() if line[:14] == "riskstream_lag"]


def test_the_lag_of_partitions_that_went_to_another_worker_is_not_shown_any_more(shop, tmp_path):
    port = free_port()
    one = WorkerProcess(shop.settings(tmp_path / "one", http_port=port))
    shop.send(1_000, SOURCES)
    one.start()
    one.wait_until_ready()
    shop.wait_until_done(one.settings.application, one)
    assert len(lags(port)) == len(SOURCES) * shop.partitions
    two = WorkerProcess(shop.settings(tmp_path / "two", instance="two"))
    two.start()
    two.wait_until_ready()
    deadline = time.monotonic() + 20
    while lags(port):  # every rebalance takes all partitions away, and nothing new has come
        assert time.monotonic() < deadline, lags(port)
        time.sleep(0.1)
    assert one.stop() == two.stop() == 0


class Waiting(AddUp):
    """A link sink that takes nothing until a file is there."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self._gate = gate

    def apply(self, records):
        while not self._gate.exists():
            time.sleep(0.02)
        return super().apply(records)


def serve_waiting(settings: WorkerSettings, log: str, gate: str) -> None:
    begin_child(log)
    serve(settings, Counting(40, True), Waiting(Path(gate)), OUTPUTS)


@pytest.fixture
def reading(shop, tmp_path):
    """A worker that has links to read and waits for a file to do so; and that file."""
    first = WorkerProcess(shop.settings(tmp_path / "first"), links=True)
    shop.send(1_000, SOURCES)
    first.start()
    first.wait_until_ready()
    shop.wait_until_done(first.settings.application, first)
    assert first.stop() == 0
    gate = tmp_path / "gate"
    worker = WorkerProcess(shop.settings(tmp_path / "late", http_port=free_port()))
    worker._main, worker._arguments = serve_waiting, (worker.settings, str(worker.log), str(gate))
    worker.start()
    deadline = time.monotonic() + 30
    while "reading links" not in get(worker.settings.http_port, "/ready")[1]:
        assert worker.alive(), worker.tail()
        assert time.monotonic() < deadline, worker.tail()
        time.sleep(0.05)
    return worker, gate


def test_a_worker_that_still_reads_links_is_alive_and_says_how_far_it_is(reading):
    worker, gate = reading
    port = worker.settings.http_port
    deadline = time.monotonic() + 10
    while get(port, "/ready")[1].startswith("reading links, 0 of 0"):
        assert time.monotonic() < deadline
    status, text = get(port, "/ready")
    assert status == 503
    assert re.fullmatch(r"reading links, \d+ of [1-9]\d*\n", text)
    assert get(port, "/live") == (200, "ok\n")
    assert "riskstream_state_bytes 0.0" in get(port, "/metrics")[1]
    gate.touch()
    worker.wait_until_ready()
    while get(port, "/ready") != (200, "ok\n"):
        assert time.monotonic() < deadline + 10
    assert worker.stop() == 0


def test_a_worker_that_is_stopped_while_it_reads_links_joins_no_group(reading):
    worker, gate = reading
    worker.signal(signal.SIGTERM)
    time.sleep(0.2)
    gate.touch()
    assert worker.wait() == 0
    assert "Worker ready" not in worker.new_log()
    assert "Joined group" not in worker.new_log()


def test_a_second_worker_on_the_same_folder_or_port_says_so_and_takes_no_partition(shop, tmp_path):
    port = free_port()
    one = WorkerProcess(shop.settings(tmp_path / "one", http_port=port))
    one.start()
    one.wait_until_ready()
    folder = WorkerProcess(shop.settings(tmp_path / "one", instance="two"))
    other = WorkerProcess(shop.settings(tmp_path / "two", instance="two", http_port=port))
    for worker, sentence in (
        (folder, f"uses the folder {tmp_path / 'one'}; give each worker a folder of its own"),
        (other, f"cannot be served on 127.0.0.1:{port}: Address already in use"),
    ):
        worker.start()
        assert worker.wait() == 2
        assert sentence in worker.new_log().splitlines()[-1]
        assert "Traceback" not in worker.new_log()
        assert "Joined group" not in worker.new_log()
    assert one.stop() == 0
