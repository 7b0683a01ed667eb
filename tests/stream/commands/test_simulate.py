"""`riskstream simulate`: files and a summary for a good call, one line for a bad one."""

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
