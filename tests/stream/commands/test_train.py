"""Numbers that training cannot work with are refused before anything is read."""

import pytest

import stream.replay.learning
from stream import cli

WORDS = ["train", "--events", "none", "--labels", "none", "--until", "2025-02-01", "--out", "none"]


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--label-delay", "nan", "from 0 to 3650"),
        ("--label-delay", "inf", "from 0 to 3650"),
        ("--label-delay", "-1", "from 0 to 3650"),
        ("--spend-horizon-days", "0", "from 1 to 365"),
        ("--spend-horizon-days", "-30", "from 1 to 365"),
        ("--spend-horizon-days", "100000", "from 1 to 365"),
        ("--max-rows", "-1", "at least 1"),
        ("--max-rows", "0", "at least 1"),
        ("--max-texts", "-1", "at least 0"),
        ("--max-seconds", "nan", "at least 0"),
        ("--seed", "-1", "from 0 to 4294967295"),
    ],
)
def test_a_number_out_of_range_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], flag: str, value: str, told: str
) -> None:
    assert cli.main([*WORDS, flag, value]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"{flag} is " in error
    assert error.endswith(f"; it must be {told}\n")


def test_numbers_within_their_ranges_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    good = ["--label-delay", "0.5", "--spend-horizon-days", "7", "--max-rows", "1000"]
    assert cli.main([*WORDS, *good]) == 2
    assert "must be" not in capsys.readouterr().err


@pytest.mark.parametrize(("base", "n_lines"), [("auto", 1), ("none", 0)])
def test_an_encoder_that_is_not_there_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, base: str, n_lines: int
) -> None:
    monkeypatch.setattr(stream.replay.learning, "packed_weights", lambda: None)
    assert cli.main([*WORDS, "--base", base]) == 2
    assert capsys.readouterr().err.count("no text encoder is installed") == n_lines
