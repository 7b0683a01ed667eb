"""The feature table as people and programs read it."""

from pathlib import Path

import orjson
import pytest

from stream.cli import main
from stream.commands.features import markdown
from stream.pipeline.features import FEATURE_VERSION, NAMES

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
