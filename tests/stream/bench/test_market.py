"""The market benchmark from end to end, on small markets."""

from pathlib import Path

import orjson
import pytest

from stream.cli import main

SIZES = {
    "--train-users": "250", "--users": "150", "--days": "24", "--cut": "16", "--label-delay": "4",
    "--seed": "1", "--base": "none", "--max-seconds": "3",
    "--fraud-share": "0.2",
}  # fmt: skip
WORDS = ["bench", "market", "--json", *(word for pair in SIZES.items() for word in pair)]
WORDS += ["--test-seeds", "2", "3"]


@pytest.mark.slow
def test_figures_of_every_scenario_are_printed_as_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--cache", str(tmp_path)]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert found["train"]["n"] > 1_000
    assert found["test_seeds"] == [2, 3]
    everything = found["scenarios"]["any"]
    assert len(everything["n_cases_by_seed"]) == 2
    assert 0 < everything["base_rate"] < everything["average_precision"] <= 1
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--test-seeds", "1"], "--test-seeds has 1"),
        (["--cut", "24"], "--cut is 24"),
        (["--cut", "4"], "--cut is 4"),
    ],
)
def test_plans_that_measure_nothing_are_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
