"""What a worker says over HTTP while it runs, on a real broker."""

import socket
import time
import urllib.error
import urllib.request

import pytest

from stream.worker.processor import SOURCES
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop

pytestmark = pytest.mark.kafka


@pytest.fixture
def shop(kafka):
    yield Shop(kafka)
    while WorkerProcess.all:
        worker = WorkerProcess.all.pop()
        if worker.alive():
            worker.kill()


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
