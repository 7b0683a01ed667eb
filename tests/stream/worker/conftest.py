import pytest

from tests.stream.worker.ownbroker import own_broker
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop

__all__ = ["own_broker"]


@pytest.fixture
def shop(kafka):
    """A shop with topics of its own; its workers end with the test."""
    yield Shop(kafka)
    WorkerProcess.kill_all()
