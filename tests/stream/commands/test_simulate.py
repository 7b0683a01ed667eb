"""`riskstream simulate`: files and a summary for a good call, one line for a bad one."""

import os
import signal
import subprocess
import sys
import time

import pytest

from stream import cli


def simulate(*arguments):
    return cli.main(["simulate", *arguments])


def test_it_writes_files_and_says_what_is_in_them(tmp_path, capsys):
    out = str(tmp_path / "shop")
    assert simulate("--users", "500", "--days", "30", "--seed", "4", "--out", out) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for word in ("browse", "card_testing", "refund_abuse", "legitimate", "fraud", "labels"):
        assert word in printed.out
    assert sorted(p.name for p in (tmp_path / "shop").iterdir()) == [
        "events.jsonl.zst", "labels.jsonl.zst", "truth",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--users", "0", "--days", "2", "--seed", "1"], "users"),
        (["--users", "9", "--days", "2", "--seed", "1", "--fraud-share", "2"], "fraud share"),
        (["--users", "9", "--days", "2", "--seed", "1", "--start", "tomorrow"], "--start"),
        (["--users", "9", "--days", "2", "--seed", "1", "--start", "1969-01-01"], "start"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_code_2(arguments, says, tmp_path, capsys):
    assert simulate(*arguments, "--out", str(tmp_path)) == 2
    complaint = capsys.readouterr().err
    assert says in complaint
    assert complaint.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path, capsys):
    words = ("--users", "9", "--days", "2", "--seed", "1", "--out")
    notes = tmp_path / "notes.txt"
    notes.write_text("keep me")
    for out, says in {
        notes: f"{notes} is a file; give --out the name of a folder",
        tmp_path: f"{tmp_path} is not empty; choose another --out, or remove it first",
    }.items():
        assert simulate(*words, str(out)) == 2
        assert capsys.readouterr().err == f"riskstream simulate: {says}\n"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["keep me"]


@pytest.mark.parametrize("stage", ["people", "events"])
def test_a_stop_by_sigterm_leaves_no_file_behind(tmp_path, stage):
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    words = ["simulate", "--users", "2000", "--days", "90", "--seed", "1", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "stream", *words],
        env=os.environ | {"TMPDIR": str(scratch)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    folder, pattern = (scratch, "*") if stage == "people" else (out, ".*.partial")
    until = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < until and not [*folder.glob(pattern)]:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=60)
    assert (process.returncode, printed) == (143, b"")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert [*scratch.iterdir()] == []
