import pytest

from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop


@pytest.fixture
def shop(kafka):
    """A shop with topics of its own; its workers end with the test."""
    yield Shop(kafka)
    while WorkerProcess.all:
        worker = WorkerProcess.all.pop()
        if worker.alive():
            worker.kill()
