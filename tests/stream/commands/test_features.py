"""The feature table as people and programs read it."""

import re
from pathlib import Path

import orjson
import pytest

from stream.cli import main
from stream.commands.features import markdown
from stream.pipeline.features import FEATURE_VERSION, FEATURES, NAMES

DOCUMENT = Path(__file__).parents[3] / "docs" / "features.md"


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text() == markdown(), "run: riskstream features --markdown > the document"


def test_the_table_as_json_has_every_feature_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "--json"]) == 0
    table = orjson.loads(capsys.readouterr().out)
    assert table["feature_version"] == FEATURE_VERSION
    assert tuple(row["name"] for row in table["features"]) == NAMES
    assert {row["depends_on"] for row in table["features"]} == {"own", "shared"}


def test_the_table_for_people_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features"]) == 0
    assert "what it is" in capsys.readouterr().out


def test_a_pipe_gets_one_whole_line_per_feature(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for feature in FEATURES:
        (line,) = [line for line in lines if line.split()[:1] == [feature.name]]
        assert line.rstrip().endswith(feature.about)


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_a_terminal_gets_whole_names_however_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["features"]) == 0
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= columns
    assert {line.split()[0] for line in lines if line.split()} >= set(NAMES)
    assert "…" not in "".join(lines)
