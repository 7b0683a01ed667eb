"""``riskstream topics``: what it prints and answers on a real cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.cli import main
from tests.kafka.broker import Broker
from tests.kafka.fixture import skip_without_tools


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    """A real broker without topics: those of the contract have fixed names, others use them too."""
    skip_without_tools()
    broker = Broker(tmp_path / "kafka")
    broker.start()
    yield str(broker.bootstrap)
    broker.stop()


@pytest.mark.kafka
def test_create_makes_what_check_misses(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--brokers", empty, "--partitions", "3", "--application", "shop"]
    assert main(["topics", "check", *words]) == 1
    *missing, advice = capsys.readouterr().err.splitlines()
    assert len(missing) == 10
    assert all(line.endswith(" does not exist") for line in missing)
    assert advice == "create the missing topics: run `riskstream topics create`"
    assert main(["topics", "create", *words]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "created shop.changelog: 3 partitions, compacted" in printed
    assert "created risk.decisions: 3 partitions, 90 days" in printed
    assert printed[-1] == f"all 10 topics at {empty} are as they should be"
    assert main(["topics", "create", *words]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["topics", "check", *words[:2], "--application", "shop"]) == 1
    assert "shop.orders has 3 partitions, not 8\n" in capsys.readouterr().err
    assert main(["topics", "check", *words, "--replication", "3"]) == 1
    assert "shop.orders has replication 1, less than 3\n" in capsys.readouterr().err


def test_no_cluster_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topics.kafka.REACH_S", 0.5)
    assert main(["topics", "check", "--brokers", "127.0.0.1:1"]) == 2
    error = capsys.readouterr().err
    assert "cannot reach Kafka at 127.0.0.1:1;" in error
    assert error.count("\n") == 1


def test_a_senseless_number_of_copies_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "create", "--replication", "0"]) == 2
    assert "--replication is 0" in capsys.readouterr().err
