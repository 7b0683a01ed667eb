"""What all tests share: Hypothesis without deadlines; no silent skip where Kafka is required."""

import os

import pytest
from hypothesis import settings

from stream.settings import calm_threads
from tests.kafka.fixture import broker, kafka

__all__ = ["broker", "kafka"]

calm_threads()
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

KAFKA_REQUIRED = os.environ.get("RISKSTREAM_TEST_KAFKA") == "required"


class SkippedKafka:
    """Turns a run whose Kafka tests skipped into a failed one."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item):
        report = yield
        if report.skipped and item.get_closest_marker("kafka") and not hasattr(report, "wasxfail"):
            self.skipped.append(item.nodeid)
        return report

    def pytest_sessionfinish(self, session, exitstatus):
        if self.skipped and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.skipped:
            terminalreporter.write_line(
                f"RISKSTREAM_TEST_KAFKA=required, but {len(self.skipped)} Kafka tests skipped",
                red=True,
            )


def pytest_collection_modifyitems(items):
    for item in items:
        if {"kafka", "broker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)


def pytest_configure(config):
    if KAFKA_REQUIRED:
        config.pluginmanager.register(SkippedKafka())
