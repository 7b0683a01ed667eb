"""Chaos on a real broker: topics of a test's own, and a table of what every fault did."""

import pytest

from tests.chaos.evidence import PROPERTY, Evidence, cells, table
from tests.stream.worker.market import Market
from tests.stream.worker.ownbroker import own_broker
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.verdict import n_repeated, problems

__all__ = ["own_broker"]


@pytest.fixture
def market(kafka):
    """Topics of four partitions; the workers on them end with the test."""
    yield Market(kafka)
    WorkerProcess.kill_all()


@pytest.fixture
def judge(record_property):
    """Assert that nothing is lost or counted twice, and note the fault for the table."""

    def judge(market: Market, fault: str, happens: str, n_faults: int, seconds=()) -> None:
        assert problems(market) == []
        found = Evidence(
            fault, happens, n_faults, len(market.events), n_repeated(market), list(seconds)
        )
        record_property(*found.as_property())

    return judge


def pytest_terminal_summary(terminalreporter):
    """Print the table that docs/guarantees.md holds."""
    rows = [
        cells(found, report.nodeid)
        for report in terminalreporter.stats.get("passed", ())
        for name, found in report.user_properties
        if name == PROPERTY and report.when == "call"
    ]
    if rows:
        terminalreporter.section("what every fault did")
        for line in table(rows):
            terminalreporter.write_line(line)
