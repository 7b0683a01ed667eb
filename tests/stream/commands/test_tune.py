"""`riskstream tune`: what it refuses, and what it says of a search."""

from pathlib import Path

import pytest

from stream import cli
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.files import write_records

WORDS = ["tune", "--events", "none", "--labels", "none", "--until", "2025-02-01", "--out", "none"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--minutes", "-1"], "--minutes is -1.0; it must be from 0 to 100,000"),
        (["--minutes", "nan"], "--minutes is nan; it must be from 0 to 100,000"),
        (["--trials", "0"], "--trials is 0; it must be from 1 to 1,000,000"),
        (["--folds", "0"], "--folds is 0; it must be from 1 to 20"),
        (["--label-delay", "-1"], "--label-delay is -1.0; it must be from 0 to 3650"),
        ([], "none does not exist; give a file or a folder of files"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    assert cli.main([*WORDS, *more]) == 2
    assert capsys.readouterr().err == f"riskstream tune: {told}\n"


def test_without_labels_there_is_nothing_to_judge_by(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tune", "--events", "none", "--until", "2025-02-01", "--out", "none"]
    assert cli.main(words) == 2
    assert capsys.readouterr().err == "riskstream tune: tune judges by labels; give --labels\n"


def test_a_search_prints_its_trials_and_train_takes_the_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    n, out = 900, tmp_path / "study"
    with write_records(events) as writer:
        writer.write(
            order(i, i / 20, user=f"u{i % 70}", amount=5.0 + i % 10 + 40 * (i % 10 == 3))
            for i in range(n)
        )
    with write_records(labels) as writer:
        writer.write(label(i, i / 20, known=i / 20 + 1, user=f"u{i % 70}")
                     for i in range(3, n, 10))  # fmt: skip
    history = ["--events", str(events), "--labels", str(labels), "--until", str(START + 47 * DAY),
               "--base", "none", "--max-seconds", "1"]  # fmt: skip
    assert cli.main(["tune", *history, "--out", str(out), "--folds", "2", "--trials", "2"]) == 0
    delay, *lines = capsys.readouterr().out.splitlines()
    assert delay == "95% of known frauds came within 1 day: --label-delay is 1"
    assert [line.split(" in ")[0] for line in lines[:2]] == ["trial 0", "trial 1"]
    assert "best " in lines[1]
    assert lines[2].startswith("average precision ")
    assert "the usual settings reach" in lines[2]
    assert lines[4] == f"use them: riskstream train --tuned {out}/best.json ..."
    model = str(tmp_path / "model")
    assert cli.main(["train", *history, "--tuned", str(out / "best.json"), "--out", model]) == 0
    assert cli.main(["tune", *history, "--out", str(out), "--folds", "3", "--trials", "1"]) == 2
    assert "holds a study of other inputs" in capsys.readouterr().err
    assert cli.main(["tune", *history, "--out", str(out), "--folds", "2", "--minutes", "0"]) == 0
    captured = capsys.readouterr()
    assert f"going on with the study in {out}, 2 trials of which have ended" in captured.err
    assert captured.out.splitlines()[1].startswith("average precision ")
