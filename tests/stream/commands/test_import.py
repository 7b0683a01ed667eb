"""``riskstream import``: the files it writes, what it prints, and what it refuses."""

from pathlib import Path

import orjson
import pytest

from stream.cli import main
from topics.files import read_records

CSV = "cat,label,review\n书籍,1,很好\n酒店,0,差\n平板,0,\n平板,1,可以\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text(CSV)
    return path


def test_events_are_written_and_counted(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["import", "reviews-zh", str(table), "--out", str(out)]) == 0
    assert [path.name for path in out.iterdir()] == ["events.jsonl.zst"]
    texts = [orjson.loads(value)["text"] for _, _, value in read_records(out)]
    assert texts == ["很好", "差", "可以"]
    printed = capsys.readouterr()
    assert "3 events in" in printed.out
    assert "left out: 1 x row without text" in printed.out
    assert not printed.err


def test_labels_get_a_file_of_their_own_and_a_limit_cuts_both(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["import", "reviews-zh", str(table), "--out", str(out)]
    assert main([*words, "--label-kind", "fake_review", "--limit", "2"]) == 0
    events, labels = (
        [orjson.loads(value) for _, _, value in read_records(out / f"{name}.jsonl.zst")]
        for name in ("events", "labels")
    )
    assert [label["event_id"] for label in labels] == [event["event_id"] for event in events]
    assert len(events) == 2
    assert "2 fake_review" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert main(words) == 2
    assert "labels.jsonl.zst of another import" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reviews-zh", "nowhere.csv"], "nowhere.csv does not exist"),
        (["rees46", "{table}"], "no column event_time"),
        (["handbook", "{table}", "--label-kind", "fraud"], "--label-kind is for reviews-zh"),
        (["reviews-zh", "{table}", "--limit", "0"], "--limit is 0"),
        (["reviews-zh", "{table}", "--label-days", "-1"], "--label-days is -1"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    out = tmp_path / "out"
    filled = [word.replace("{table}", str(table)) for word in words]
    assert main(["import", *filled, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists() or not list(out.iterdir())


def test_an_unknown_source_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["import", "elsewhere", "x", "--out", "y"])
    assert caught.value.code == 2
    assert "online-retail" in capsys.readouterr().err
