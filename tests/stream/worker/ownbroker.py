"""The fixture ``own_broker``: a real broker of one test, which may kill it."""

import pytest

from tests.kafka.broker import Broker
from tests.kafka.fixture import skip_without_tools
from tests.stream.worker.process import WorkerProcess


@pytest.fixture
def own_broker(tmp_path):
    """A running broker; the workers of the test end before it does."""
    skip_without_tools()
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    WorkerProcess.kill_all()
    broker.stop()
