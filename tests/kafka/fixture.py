"""The fixture ``kafka``: the address of a real broker, one for all tests of a session."""

import os
from collections.abc import Iterator

import pytest

from tests.kafka.broker import Broker
from tests.kafka.jars import missing_tools


def skip_without_tools() -> None:
    """Skip the running test, with a sentence, if Java or Maven is missing."""
    if reason := missing_tools():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of this test session that nobody else uses; a test may kill it if it restarts it."""
    skip_without_tools()
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> str:
    """Bootstrap servers of Apache Kafka: RISKSTREAM_TEST_BOOTSTRAP, or a broker of our own."""
    given = os.environ.get("RISKSTREAM_TEST_BOOTSTRAP")
    return given or str(request.getfixturevalue("broker").bootstrap)
